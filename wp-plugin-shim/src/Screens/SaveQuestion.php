<?php
/**
 * Asks before the settings page replaces what works: new credentials are tried first, and where the mode or the app is another
 * while visits are to come, it says how many they are. What was entered waits as a draft until the answer. Nothing is asked when
 * the settings are written in another way.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Clinic\Draft;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class SaveQuestion
{
    public const ACTION_SAVE = 'telemed_save_draft';
    public const ACTION_DISCARD = 'telemed_discard_draft';

    public function __construct(
        private readonly Settings $settings,
        private readonly CheckPanel $check,
        private readonly LedgerQueries $queries,
        private readonly Extension $extension,
        private readonly Guard $guard
    ) {
    }

    public function register(): void
    {
        add_filter('pre_update_option_' . Settings::OPTION, [$this, 'ask'], 10, 2);
        AdminPost::on(self::ACTION_SAVE, Capabilities::ADMIN, [$this, 'save']);
        AdminPost::on(self::ACTION_DISCARD, Capabilities::ADMIN, static function (): string {
            Draft::forget();
            Notice::flash('success', __('What was entered is discarded. Nothing has changed.', 'telemed-zoom'));
            return AdminPages::settings();
        });
    }

    /**
     * @param mixed $new as it would be stored
     * @param mixed $old as it is stored
     * @return mixed what is stored
     */
    public function ask(#[\SensitiveParameter] mixed $new, #[\SensitiveParameter] mixed $old): mixed
    {
        if (!self::isFormSent() || !is_array($new) || !is_array($old)) {
            return $new;
        }
        $doubts = $this->doubts($this->settings->with($new));
        if ($doubts === []) {
            Draft::forget();
            return $new;
        }
        Draft::put($new, $doubts);
        // WordPress says 'Settings saved.' where nothing else is said.
        add_settings_error(Settings::OPTION, 'telemed_not_saved', __('Nothing is saved yet: please answer the question below.', 'telemed-zoom'), 'warning');
        return $old;
    }

    /** Save all the same. */
    public function save(): string
    {
        $entered = Draft::settings();
        if ($entered === null) {
            Notice::flash('error', __('What was entered is not kept any more. Nothing has changed; please enter it again.', 'telemed-zoom'));
            return AdminPages::settings();
        }
        update_option(Settings::OPTION, $entered);
        Draft::forget();
        $refused = array_filter(get_settings_errors(Settings::OPTION), static fn(array $error): bool => $error['type'] === 'error');
        foreach ($refused as $error) {
            Notice::flash('error', wp_strip_all_tags((string) $error['message']));
        }
        if ($refused === []) {
            Notice::flash('success', __('Settings saved.', 'telemed-zoom'));
        }
        return AdminPages::settings();
    }

    /** Above the form: that it shows what is not saved, and the question, where there is one. */
    public function print(): void
    {
        if (Draft::settings() === null) {
            return;
        }
        $doubts = Draft::doubts();
        printf('<div id="%s" class="notice notice-warning inline"><p>', $doubts === [] ? 'telemed-unsaved' : 'telemed-save-question');
        if ($doubts === []) {
            echo esc_html__('The form below shows what you have entered. It is not saved yet.', 'telemed-zoom') . '</p><p>';
        } else {
            echo '<strong>' . esc_html__('Save these settings?', 'telemed-zoom') . '</strong></p>';
            foreach ($doubts as $doubt) {
                echo '<p>' . esc_html($doubt) . '</p>';
            }
            echo '<p>' . esc_html__('The form below shows what you have entered. Until it is saved, everything goes on as before.', 'telemed-zoom') . '</p><p>';
            AdminPost::button(self::ACTION_SAVE, __('Save all the same', 'telemed-zoom'), [], 'button telemed-save-anyway');
        }
        AdminPost::button(self::ACTION_DISCARD, __('Discard what was entered', 'telemed-zoom'), [], 'button telemed-discard');
        echo '</p></div>';
    }

    /** @return list<string> sentences for the administrator; none: it is saved without a question */
    private function doubts(Settings $new): array
    {
        $mode = $this->settings->mode();
        if ($mode === null || !$this->settings->isComplete() || self::inForce($new) === self::inForce($this->settings)) {
            return [];
        }
        return array_values(array_filter([$this->failure($new), $this->concerned($new)]));
    }

    /** Why the credentials that would be in force are not as good as those that are; null: they are, or that cannot be told here. */
    private function failure(Settings $new): ?string
    {
        if (!$this->extension->isUsable() || !$this->guard->mayAct()) {
            return null;
        }
        try {
            $result = $this->check->look($new, null);
            return $result->passed ? null : __('The new credentials were tried and did not pass:', 'telemed-zoom') . ' ' . $result->message;
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return __('The new credentials could not be tried:', 'telemed-zoom') . ' ' . ErrorText::of($failure);
        }
    }

    /** Which visits another mode or app concerns. */
    private function concerned(Settings $new): ?string
    {
        $mode = $this->settings->mode();
        $app = $this->settings->clientId();
        if ($new->mode() === $mode && $new->clientId() === $app && ($mode === Mode::OAuth || $new->text('s2s_account_id') === $this->settings->text('s2s_account_id'))) {
            return null;
        }
        try {
            $visits = array_sum(array_column($this->queries->countUpcomingByApp([$app]), 'visits'));
        } catch (DatabaseException $failure) {
            return ErrorText::of($failure);
        }
        if ($visits === 0) {
            return null;
        }
        return sprintf(
            /* translators: %d: number of visits */
            _n(
                '%d visit to come has its meeting from the Zoom app that is in use now. It stays with that app, whose credentials are kept for it, until it is over or you move it.',
                '%d visits to come have their meetings from the Zoom app that is in use now. They stay with that app, whose credentials are kept for them, until they are over or you move them.',
                $visits,
                'telemed-zoom'
            ),
            $visits
        ) . ' ' . ($new->hostsAreMapped()
            ? __('New visits can be made once each doctor\'s host in the clinic\'s account is confirmed.', 'telemed-zoom')
            : __('New visits can be made once each doctor has connected to the new app.', 'telemed-zoom'));
    }

    /** @return array<string, string> the mode and its credentials, sealed as they are */
    private static function inForce(Settings $settings): array
    {
        $fields = array_diff($settings->mode()?->fields() ?? [], ['oauth_redirect_uri']);
        return ['mode' => $settings->text('mode')] + array_combine($fields, array_map([$settings, 'text'], $fields));
    }

    private static function isFormSent(): bool
    {
        // WordPress has checked its nonce before it writes.
        return ($GLOBALS['pagenow'] ?? '') === 'options.php' && ($_POST['option_page'] ?? '') === Settings::GROUP; // phpcs:ignore WordPress.Security.NonceVerification
    }
}
