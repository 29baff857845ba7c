<?php
/**
 * The part Check of the settings page: looks, step by step, at everything a meeting needs, with what stands in the form, saved or
 * not. Saves nothing.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Draft;
use TelemedZoom\Clinic\EnteredSettings;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Extension;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class CheckPanel
{
    public const ACTION = 'telemed_check';
    private const KEEP_SECONDS = 600;

    public function __construct(
        private readonly Settings $settings,
        private readonly EnteredSettings $entered,
        private readonly Extension $extension,
        private readonly ZoomApps $apps,
        private readonly HostMap $hosts
    ) {
    }

    public function register(): void
    {
        // The button is one of the settings' own form, and comes with its nonce.
        AdminPost::on(self::ACTION, Capabilities::ADMIN, [$this, 'check'], Settings::GROUP . '-options');
    }

    /** @param array<string, mixed> $fields */
    public function check(#[\SensitiveParameter] array $fields): string
    {
        $doctor = AdminPost::number($fields, 'doctor');
        $settings = $this->settings;
        if (is_array($fields[Settings::OPTION] ?? null)) {
            $entered = $this->entered->sanitize($fields[Settings::OPTION]);
            if ($entered !== $this->settings->all()) {
                Draft::put($entered);
                $settings = $this->settings->with($entered);
            } else {
                Draft::forget();
            }
            $isRefused = false;
            foreach (get_settings_errors(Settings::OPTION) as $error) {
                $isRefused = $isRefused || $error['type'] === 'error';
                Notice::flash($error['type'] === 'error' ? 'error' : 'warning', wp_strip_all_tags((string) $error['message']));
            }
            if ($isRefused) {
                return AdminPages::settings();
            }
        }
        try {
            $result = $this->look($settings, $doctor === 0 ? null : $doctor);
            set_transient(self::transient(), ['passed' => $result->passed, 'message' => $result->message, 'steps' => $result->steps, 'doctor' => $doctor], self::KEEP_SECONDS);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('The check could not run:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
            return AdminPages::settings();
        }
        return AdminPages::settings() . '#telemed-check-result';
    }

    /**
     * @param Settings $settings those that are stored, or entered ones
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function look(Settings $settings, ?int $doctor): CheckResult
    {
        if ($settings->mode() === null) {
            throw new Problem('telemed_not_set_up', __('no mode is chosen', 'telemed-zoom'), __('Choose above how the clinic uses Zoom.', 'telemed-zoom'), 409);
        }
        $missing = $settings->missing();
        if ($missing !== []) {
            throw new Problem('telemed_not_set_up', sprintf(
                /* translators: %s: names of fields */
                __('the chosen mode still lacks: %s', 'telemed-zoom'),
                implode(', ', array_map([Settings::class, 'label'], $missing))
            ), '', 409);
        }
        return CheckResult::of($this->apps->with($settings)->check($doctor), $doctor === null && $settings->doctorsConnect());
    }

    /**
     * Within the settings' form.
     *
     * @param Settings $shown what the form shows
     */
    public function print(Settings $shown): void
    {
        $result = get_transient(self::transient());
        delete_transient(self::transient());
        $isDone = is_array($result);
        echo '<h2 id="telemed-check">' . esc_html__('Check', 'telemed-zoom') . '</h2><p>' .
            esc_html__('Looks at everything a meeting needs, step by step, with what stands in the form above, whether it is saved or not. Nothing is saved, and nothing is written at Zoom.', 'telemed-zoom') . '</p>';
        echo '<p><label for="telemed-check-doctor">' . esc_html__('For', 'telemed-zoom') . '</label> <select name="doctor" id="telemed-check-doctor">';
        $isOfAccount = $shown->hostsAreMapped();
        echo '<option value="0">' . esc_html($isOfAccount ? __('the account only, no doctor', 'telemed-zoom') : __('the app only, no doctor', 'telemed-zoom')) . '</option>';
        foreach (Doctors::all() as $doctor) {
            if ($isOfAccount && $this->hosts->of($doctor->ID) === null) {
                continue;
            }
            printf('<option value="%d"%s>%s</option>', (int) $doctor->ID, selected($doctor->ID, $isDone ? (int) $result['doctor'] : 0, false), esc_html($doctor->display_name));
        }
        $canRun = $this->extension->isUsable();
        printf(
            '</select> <button type="submit" class="button button-secondary" id="telemed-check-button" name="action" value="%s" formaction="%s"%s>%s</button></p>%s',
            esc_attr(self::ACTION),
            esc_url(AdminPost::url()),
            disabled($canRun, false, false),
            esc_html__('Check', 'telemed-zoom'),
            $canRun ? '' : '<p class="description">' . esc_html__('It can run once the PHP extension is loaded.', 'telemed-zoom') . '</p>'
        );
        if ($isDone) {
            self::printResult($result, $shown);
        }
    }

    /** @param array<string, mixed> $result as check() left it */
    private static function printResult(array $result, Settings $shown): void
    {
        $icons = ['passed' => 'yes-alt', 'warned' => 'warning', 'failed' => 'dismiss', 'skipped' => 'minus'];
        $words = [
            'passed' => __('passed', 'telemed-zoom'),
            'warned' => __('warned', 'telemed-zoom'),
            'failed' => __('failed', 'telemed-zoom'),
            'skipped' => __('skipped', 'telemed-zoom'),
        ];
        printf(
            '<div id="telemed-check-result" tabindex="-1" class="notice inline notice-%s" data-passed="%s"><p><strong>%s</strong> %s</p><table class="widefat striped">',
            $result['passed'] ? 'success' : 'error',
            $result['passed'] ? '1' : '0',
            esc_html(match (true) {
                /* translators: %s: name of a doctor */
                $result['doctor'] !== 0 => sprintf(__('Check for %s:', 'telemed-zoom'), Doctors::name((int) $result['doctor'])),
                $shown->hostsAreMapped() => __('Check of the account:', 'telemed-zoom'),
                default => __('Check of the app:', 'telemed-zoom'),
            }),
            esc_html((string) $result['message'])
        );
        printf(
            '<thead class="screen-reader-text"><tr><th scope="col">%s</th><th scope="col">%s</th><th scope="col">%s</th></tr></thead><tbody>',
            esc_html__('Result', 'telemed-zoom'),
            esc_html__('Step', 'telemed-zoom'),
            esc_html__('What to do', 'telemed-zoom')
        );
        foreach ($result['steps'] as $step) {
            $outcome = (string) $step['result'];
            printf(
                '<tr class="telemed-step telemed-step-%1$s" data-step="%2$s" data-result="%1$s"><td class="telemed-step-result"><span class="dashicons dashicons-%3$s" aria-hidden="true"></span> %4$s</td><td><strong>%5$s</strong></td><td>%6$s</td></tr>',
                esc_attr($outcome),
                esc_attr((string) $step['id']),
                esc_attr($icons[$outcome] ?? 'minus'),
                esc_html($words[$outcome] ?? $outcome),
                esc_html((string) $step['title']),
                esc_html((string) $step['advice'])
            );
        }
        echo '</tbody></table></div>';
    }

    private static function transient(): string
    {
        return 'telemed_check_' . get_current_user_id();
    }
}
