<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;

/** Administrators handle all meetings, a doctor their own, others none; and no input gets past the checks. */
final class PermissionsTest extends ClinicTestCase
{
    public function testStrangersReachNoMeeting(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1');
        foreach (array('doctor2' => 404, 'patient' => 403, '' => 401) as $person => $status) {
            $browser = $person === '' ? $this->site->visitor() : $this->browser($person);
            $withNonce = $person !== '';
            foreach (array('GET', 'PATCH', 'DELETE') as $method) {
                $page = $browser->rest($method, "telemed/v1/visits/{$row['id']}", $method === 'PATCH' ? array('minutes' => 5) : null, $withNonce);
                $this->assertSame($status, $page->status, "{$person} {$method}");
                $this->assertStringNotContainsString($row['join_url'], $page->body);
            }
            $page = $browser->rest('POST', 'telemed/v1/visits', array(
                'doctor' => $this->site->userId('doctor1'),
                'start' => self::start(31),
            ), $withNonce);
            $this->assertSame(404 === $status ? 403 : $status, $page->status, "{$person} POST");
        }
        $none = $this->browser('doctor2')->rest('GET', 'telemed/v1/visits/999999');
        $this->assertSame($none->body, $this->browser('doctor2')->rest('GET', "telemed/v1/visits/{$row['id']}")->body, 'another\'s visit looks like none');
        $this->assertSame('made', $this->row($row['id'])['state']);
        $this->assertSame(25, $this->zoom->meeting($row['meeting_id'])['duration']);
        $this->assertCount(1, $this->meetings());
    }

    public function testEachDoctorListsTheirOwnOnly(): void
    {
        $this->useServerToServerWithHosts();
        $first = $this->make('admin', 'doctor1');
        $second = $this->make('admin', 'doctor2');
        $list = fn (string $person, string $query = ''): array => array_column($this->browser($person)->rest('GET', "telemed/v1/visits{$query}")->json(), 'id');
        $this->assertSame(array($first['id']), $list('doctor1'));
        $this->assertSame(array($second['id']), $list('doctor2'));
        $this->assertEqualsCanonicalizing(array($first['id'], $second['id']), $list('admin'));
        $other = $this->browser('doctor1')->rest('GET', 'telemed/v1/visits?doctor=' . $this->site->userId('doctor2'));
        $this->assertSame(403, $other->status);
        $this->assertSame(403, $this->browser('patient')->rest('GET', 'telemed/v1/visits')->status);
        $this->assertSame(401, $this->site->visitor()->rest('GET', 'telemed/v1/visits', null, false)->status);
        $this->assertNull($this->browser('doctor1')->screen('telemed-meetings')->element("telemed-meeting-{$second['id']}"));
    }

    public function testACookieWithoutANonceIsNobody(): void
    {
        $this->assertSame(401, $this->browser('admin')->rest('GET', 'telemed/v1/visits', null, false)->status);
    }

    public function testAnswersWithLinksAreNotCached(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('doctor1', 'doctor1');
        $this->assertStringContainsString('no-store', $this->browser('doctor1')->rest('GET', "telemed/v1/visits/{$row['id']}")->header('cache-control'));
    }

    /**
     * @dataProvider badInput
     * @param array<string, mixed> $changes
     */
    #[DataProvider('badInput')]
    public function testBadInputIsRefusedAndLeavesNothing(array $changes, string $said): void
    {
        $this->useServerToServerWithHosts();
        $page = $this->post('admin', 'doctor1', $changes);
        $this->assertSame(400, $page->status, $page->body);
        $this->assertMatchesRegularExpression($said, $page->body);
        $this->assertSame(array(), $this->creations());
        $this->assertSame(array(), $this->rows());
    }

    /** @return array<string, array{array<string, mixed>, string}> */
    public static function badInput(): array
    {
        return array(
            'no start' => array(array('start' => null), '/start/'),
            'a start in words' => array(array('start' => 'tomorrow'), '/start/'),
            'a start without an offset' => array(array('start' => gmdate('Y-m-d', time() + 864000) . 'T09:30:00'), '/start|offset/'),
            'a day that does not exist' => array(array('start' => '2030-02-31T09:30:00Z'), '/start/'),
            'a start in the past' => array(array('start' => '2020-03-02T09:30:00Z'), '/past/'),
            'a start for ever ahead' => array(array('start' => '9999-12-31T23:59:00Z'), '/ten years/'),
            'no length' => array(array('minutes' => 0), '/minutes/'),
            'a negative length' => array(array('minutes' => -5), '/minutes/'),
            'a huge length' => array(array('minutes' => 100000), '/minutes/'),
            'an offset for a zone' => array(array('timezone' => '+05:30'), '/zone/'),
            'an unknown zone' => array(array('timezone' => 'Mars/Olympus'), '/zone/'),
            'a long topic' => array(array('topic' => str_repeat('x', 201)), '/topic/'),
            'a doctor who is none' => array(array('doctor' => 999999), '/video visits|doctor/'),
            'a doctor in words' => array(array('doctor' => 'all'), '/doctor/'),
        );
    }

    public function testNothingIsMadeBeforeTheClinicHasChosen(): void
    {
        $page = $this->post('admin', 'doctor1');
        $this->assertSame(409, $page->status);
        $this->assertSame('telemed_not_set_up', $page->json()['code']);
        $this->assertSame(array(), $this->zoom->requests());
    }

    /** @dataProvider actions */
    #[DataProvider('actions')]
    public function testEachActionAsksForACapabilityAndANonce(string $action, string $entitled, ?string $stranger): void
    {
        $this->useServerToServerWithHosts();
        $this->zoom->forgetRequests();
        $fields = array(
            'action' => $action,
            'doctor' => (string) $this->site->userId('doctor1'),
            'user' => (string) $this->site->userId('doctor1'),
            'host' => FakeZoom::OWNER,
            'meeting' => '1',
        );
        $this->assertSame(403, $this->browser($entitled)->post('/wp-admin/admin-post.php', $fields, false)->status, 'without a nonce');
        $this->assertSame(403, $this->browser($entitled)->post('/wp-admin/admin-post.php', $fields + array('_wpnonce' => '0123456789'), false)->status, 'with a wrong nonce');
        $this->assertSame(405, $this->browser($entitled)->get("/wp-admin/admin-post.php?action={$action}&_wpnonce=1", false)->status, 'by GET');
        if ($stranger !== null) {
            $this->assertSame(403, $this->browser($stranger)->post('/wp-admin/admin-post.php', $fields, false)->status, 'without the capability');
        }
        // Nobody logged in: WordPress knows no such action.
        $this->site->visitor()->post('/wp-admin/admin-post.php', $fields, false);
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame(FakeZoom::DOCTOR1, $this->doctorsScreen('doctor1', 'host'));
    }

    /** @return array<string, array{string, string, ?string}> */
    public static function actions(): array
    {
        return array(
            'create' => array('telemed_create_meeting', 'doctor1', 'patient'),
            'cancel' => array('telemed_cancel_meeting', 'doctor1', null),
            'change' => array('telemed_change_meeting', 'doctor1', null),
            'check' => array('telemed_check', 'admin', 'doctor1'),
            'confirm a host' => array('telemed_confirm_host', 'admin', 'doctor1'),
            'confirm all' => array('telemed_confirm_matches', 'admin', 'doctor1'),
            'remove a host' => array('telemed_remove_host', 'admin', 'doctor1'),
            'keep a host' => array('telemed_keep_host', 'admin', 'doctor1'),
            'authorize' => array('telemed_authorize', 'doctor1', 'patient'),
            'disconnect' => array('telemed_disconnect', 'doctor1', null),
        );
    }

    public function testADoctorCancelsNoOthersMeetingThroughTheScreen(): void
    {
        $this->useServerToServerWithHosts();
        $own = $this->make('admin', 'doctor2');
        $other = $this->make('admin', 'doctor1');
        $form = $this->browser('doctor2')->screen('telemed-meetings')
            ->form("//tr[@id='telemed-meeting-{$own['id']}']//form[.//input[@value='telemed_cancel_meeting']]");
        $page = $this->browser('doctor2')->submit($form, array('meeting' => (string) $other['id']));
        $this->assertSame(403, $page->status);
        $this->assertSame('made', $this->row($other['id'])['state']);
        $this->assertNotNull($this->zoom->meeting($other['meeting_id']));
    }

    public function testNobodyAuthorizesForAnother(): void
    {
        $this->useOAuth();
        $form = $this->browser('doctor2')->get('/wp-admin/profile.php')->form('telemed-authorize-form');
        $page = $this->browser('doctor2')->submit($form, array('user' => (string) $this->site->userId('doctor1')), false);
        $this->assertSame(403, $page->status);
    }

    public function testDoctorsReachTheirScreensAndPatientsNone(): void
    {
        $this->useServerToServerWithHosts();
        foreach (array('telemed-meetings', 'telemed-new-meeting') as $screen) {
            $this->assertSame(200, $this->browser('doctor1')->screen($screen)->status, $screen);
            $this->assertSame(403, $this->browser('patient')->screen($screen)->status, $screen);
        }
        $this->assertSame(403, $this->browser('doctor1')->screen('telemed-doctors')->status);
    }
}
