<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** What went wrong bears one stable name for REST and for other plugins; an HTTP status is REST's alone. */
final class ErrorTextTest extends ClinicTestCase
{
    /** Of what went wrong, what other plugins and what REST hear. */
    private const TELL = '$tell = static fn (\Throwable $failure): array => array_map(
        static fn (\WP_Error $error): array => [$error->get_error_code(), $error->get_error_data()],
        [\TelemedZoom\ErrorText::error($failure), \TelemedZoom\Screens\RestError::of($failure)]
    );';

    public function testWhatTheExtensionSaysKeepsItsName(): void
    {
        [$plugins, $rest] = $this->site->php(self::TELL . 'try { new \Telemed\Vault(["short"]); } catch (\Telemed\TelemedException $failure) { return $tell($failure); }');
        $data = array('retryable' => false, 'tracking_id' => null);
        $this->assertSame(array('telemed_vault_key_invalid', $data), $plugins);
        $this->assertSame(array('telemed_vault_key_invalid', array('status' => 500) + $data), $rest);
    }

    public function testARefusalOfThePluginsOwnHasItsStatusInRest(): void
    {
        $told = $this->site->php(self::TELL . 'return [
            $tell(new \TelemedZoom\Problem("telemed_too_many_visits", "a", isTooMuch: true)),
            $tell(new \TelemedZoom\Problem("telemed_no_meeting", "a", "", 404)),
            $tell(new \TelemedZoom\Site\DatabaseException("a")),
        ];');
        $this->assertSame(array(
            array(array('telemed_too_many_visits', null), array('telemed_too_many_visits', array('status' => 429))),
            array(array('telemed_no_meeting', null), array('telemed_no_meeting', array('status' => 404))),
            array(array('telemed_database', null), array('telemed_database', array('status' => 503))),
        ), $told);
    }

    /** A date that Zoom names is told to programs, a failure that the plugin has put into its own words keeps Zoom's tracking id. */
    public function testWhatZoomSaysIsKept(): void
    {
        $this->useServerToServer();
        $this->zoom->answer(array('method' => 'GET', 'path' => '/v2/users'), 429, array('code' => 429, 'message' => 'You have reached the maximum daily rate limit for this API.'), array(
            'Retry-After' => gmdate('Y-m-d\T00:00:00\Z', time() + 86400), 'X-RateLimit-Type' => 'Daily-limit', 'x-zm-trackingid' => 'WEB_test_1',
        ), -1);
        [$plain, $inWords] = $this->site->php(self::TELL . 'try { \TelemedZoom\Plugin::instance()->opener->serverToServer()->client()->users(); } catch (\Telemed\TelemedException $failure) {
            return [$tell($failure)[1], $tell(new \TelemedZoom\Problem("telemed_a", "a", "", 400, $failure))[1]];
        }');
        $this->assertSame('telemed_daily_limit', $plain[0]);
        $this->assertSame(array(429, true, 'WEB_test_1'), array($plain[1]['status'], $plain[1]['retryable'], $plain[1]['tracking_id']));
        $this->assertMatchesRegularExpression('/^\d{4}-\d\d-\d\dT00:00:\d\dZ$/', $plain[1]['retry_at']);
        $this->assertSame(array('telemed_a', array('status' => 400, 'retryable' => false, 'tracking_id' => 'WEB_test_1')), $inWords);
    }
}
