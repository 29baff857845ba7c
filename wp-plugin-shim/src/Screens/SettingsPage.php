<?php
/**
 * The screen Telemed, Settings: mode, credentials, scopes, Check, encryption key.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Apps\FormerMeetings;
use TelemedZoom\Clinic\Draft;
use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Extension;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Notice;
use TelemedZoom\Site\PluginFile;

defined('ABSPATH') || exit;

final class SettingsPage
{

    /** What the form shows: what is stored, or what was entered and not saved. */
    private Settings $shown;

    public function __construct(
        private readonly Settings $settings,
        private readonly EncryptionKey $key,
        private readonly Extension $extension,
        private readonly FormerMeetings $former,
        private readonly CheckPanel $check,
        private readonly SaveQuestion $question
    ) {
        $this->shown = $settings;
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addMenu']);
        add_filter('plugin_action_links_' . plugin_basename(PluginFile::path()), [$this, 'addLink']);
        $this->check->register();
        $this->question->register();
    }

    public function addMenu(): void
    {
        add_submenu_page(
            AdminPages::MEETINGS,
            __('Telemed settings', 'telemed-zoom'),
            __('Settings', 'telemed-zoom'),
            Capabilities::ADMIN,
            AdminPages::SETTINGS,
            [$this, 'show']
        );
    }

    /**
     * @param string[] $links
     * @return string[]
     */
    public function addLink(array $links): array
    {
        return ['settings' => '<a href="' . esc_url(AdminPages::settings()) . '">' . esc_html__('Settings', 'telemed-zoom') . '</a>', ...$links];
    }

    public function show(): void
    {
        echo '<div class="wrap" id="telemed-settings"><h1>' . esc_html__('Telemed settings', 'telemed-zoom') . '</h1>';
        settings_errors();
        $missing = $this->settings->mode() === null ? [] : $this->settings->missing();
        if ($missing !== []) {
            Notice::print('warning', esc_html(sprintf(
                /* translators: %s: names of fields */
                __('No meeting can be made yet. The chosen mode still lacks: %s.', 'telemed-zoom'),
                implode(', ', array_map([Settings::class, 'label'], $missing))
            )), 'telemed-incomplete-notice');
        }
        FormerAppQuestion::printNotice($this->former);
        $draft = Draft::settings();
        $this->shown = $draft === null ? $this->settings : $this->settings->with($draft);
        $this->question->print();
        printf('<form method="post" action="%s" id="telemed-settings-form">', esc_url(admin_url('options.php')));
        settings_fields(Settings::GROUP);
        if ($draft !== null) {
            printf('<input type="hidden" name="%s[%s]" value="1">', esc_attr(Settings::OPTION), esc_attr(Draft::FIELD));
        }
        echo '<h2>' . esc_html__('How the clinic uses Zoom', 'telemed-zoom') . '</h2>';
        ModeComparison::print($this->shown->mode());
        $this->printOauthFields();
        $this->printServerToServerFields();
        $this->printOptions();
        submit_button();
        $this->check->print($this->shown);
        echo '</form>';
        $this->printKey();
        echo '</div>';
    }

    private function printOauthFields(): void
    {
        self::openFields(Mode::OAuth, 'telemed-oauth', __('OAuth 2.0 app', 'telemed-zoom'), __('Make a General app, user-managed, at marketplace.zoom.us and copy these from its page. Enter the redirect URL there, as the OAuth redirect URL and in the allow list. Use one app for each site.', 'telemed-zoom'));
        $this->textRow('oauth_client_id', __('Client ID', 'telemed-zoom'));
        $this->secretRow('oauth_client_secret', __('Client secret', 'telemed-zoom'));
        self::row('telemed-redirect-uri', __('Redirect URL', 'telemed-zoom'), function (): void {
            self::printCopyable('telemed-redirect-uri', $this->settings->redirectUri());
            if (str_contains($this->settings->redirectUri(), 'rest_route=')) {
                echo '<p class="description">' . esc_html__('This site uses plain permalinks. Zoom may refuse a redirect URL with a question mark: choose another structure under Settings, Permalinks before you save this page for the first time.', 'telemed-zoom') . '</p>';
            }
            if ($this->settings->redirectUriIsOutdated()) {
                printf(
                    '<p><label><input type="checkbox" name="%s[oauth_redirect_uri_renew]" value="1" id="telemed-redirect-renew"> %s</label></p>',
                    esc_attr(Settings::OPTION),
                    sprintf(
                        /* translators: %s: URL */
                        esc_html__('Use %s from now on (enter it at Zoom first)', 'telemed-zoom'),
                        '<code>' . esc_html($this->settings->currentRedirectUri()) . '</code>'
                    )
                );
            }
        });
        self::row('telemed-webhook-url', __('Event notification URL', 'telemed-zoom'), static function (): void {
            self::printCopyable('telemed-webhook-url', WebhookRoute::url());
            echo '<p class="description">' . esc_html__('Copy the app\'s secret token from Zoom into the field below and save; then enter this address at Zoom as event notification endpoint and as deauthorization notification endpoint, and validate it there. It tells this site when a doctor removes the app at Zoom.', 'telemed-zoom') . '</p>';
        });
        $this->secretRow(Settings::WEBHOOK_SECRET, __('Secret token', 'telemed-zoom'));
        $this->scopesRow(Mode::OAuth);
        self::closeFields();
    }

    private function printServerToServerFields(): void
    {
        self::openFields(Mode::ServerToServer, 'telemed-s2s', __('Server-to-Server app', 'telemed-zoom'), __('Make a Server-to-Server OAuth app in the clinic\'s Zoom account at marketplace.zoom.us, give it the scopes below, activate it, and copy these from its page.', 'telemed-zoom'));
        $this->textRow('s2s_account_id', __('Account ID', 'telemed-zoom'));
        $this->textRow('s2s_client_id', __('Client ID', 'telemed-zoom'));
        $this->secretRow('s2s_client_secret', __('Client secret', 'telemed-zoom'));
        $this->scopesRow(Mode::ServerToServer);
        self::closeFields();
    }

    private function printOptions(): void
    {
        echo '<h2>' . esc_html__('Options', 'telemed-zoom') . '</h2><table class="form-table" role="presentation">';
        self::printSwitch('admins_may_start', __('Start', 'telemed-zoom'), $this->shown->adminsMayStart(), __('Administrators may start every doctor\'s meetings', 'telemed-zoom'), __('A start link acts as the doctor at Zoom. Without this only the hosting doctor gets one.', 'telemed-zoom'));
        self::printSwitch('mail_patients', __('Mails', 'telemed-zoom'), $this->shown->mailsPatients(), __('Mail patients when a visit is booked, moved, cancelled or cannot be held', 'telemed-zoom'), __('Doctors are always told.', 'telemed-zoom'));
        self::printSwitch('mail_zooms_link', __('Link in mails', 'telemed-zoom'), $this->shown->mailsZoomsLink(), __('Mail Zoom\'s own link instead of the visit link', 'telemed-zoom'), __('The visit link never changes. Zoom\'s own link is there only when the meeting is made, and whenever it changes everybody is mailed the new one.', 'telemed-zoom'));
        self::printNumber('join_minutes_before', __('Join from', 'telemed-zoom'), $this->shown->joinMinutesBefore(), 0, 240, __('minutes before the visit begins, until it ends. Before that, the visit link says when to come back.', 'telemed-zoom'));
        self::printNumber('joins_at_once', __('Joining at once', 'telemed-zoom'), $this->shown->joinsAtOnce(), 1, 100, __('people at most whose click waits for Zoom at the same moment; the others see a page that goes on by itself. Keep it below the number of PHP processes of this site.', 'telemed-zoom'));
        self::printNumber('blank_days', __('Forget links after', 'telemed-zoom'), $this->shown->blankDays(), 1, 3650, __('days. Then the visit link, the join link and the passcode of a visit that is over are removed from this site.', 'telemed-zoom'));
        self::printNumber('patient_days', __('Forget patients after', 'telemed-zoom'), $this->shown->patientDays(), 1, 3650, __('days. Then it is forgotten whom a visit that is over was with, and its log is removed.', 'telemed-zoom'));
        echo '</table>';
    }

    private static function printSwitch(string $field, string $label, bool $isOn, string $text, string $description): void
    {
        printf(
            '<tr><th scope="row">%5$s</th><td><input type="hidden" name="%1$s[%2$s]" value="0"><label><input type="checkbox" name="%1$s[%2$s]" id="%2$s" value="1"%3$s> %4$s</label><p class="description">%6$s</p></td></tr>',
            esc_attr(Settings::OPTION),
            esc_attr($field),
            checked($isOn, true, false),
            esc_html($text),
            esc_html($label),
            esc_html($description)
        );
    }

    private static function printNumber(string $field, string $label, int $value, int $least, int $most, string $unit): void
    {
        printf(
            '<tr><th scope="row"><label for="%1$s">%2$s</label></th><td><input type="number" class="small-text" id="%1$s" name="%3$s[%1$s]" value="%4$d" min="%5$d" max="%6$d" aria-describedby="%1$s-unit"> <span id="%1$s-unit">%7$s</span></td></tr>',
            esc_attr($field),
            esc_html($label),
            esc_attr(Settings::OPTION),
            (int) $value,
            (int) $least,
            (int) $most,
            esc_html($unit)
        );
    }

    private function printKey(): void
    {
        $source = $this->key->source();
        echo '<h2 id="telemed-key">' . esc_html__('Encryption key', 'telemed-zoom') . '</h2><p id="telemed-key-source" data-source="' . esc_attr($source) . '">';
        if ($source === EncryptionKey::FROM_CONSTANT) {
            echo esc_html__('Secrets are encrypted with TELEMED_KEY of wp-config.php. Keep a copy of that line with your backups: without it the client secret must be entered again and every doctor must connect again.', 'telemed-zoom') . '</p>';
            return;
        }
        echo esc_html($source === EncryptionKey::FROM_SALTS
            ? __('Secrets are encrypted with a key made from AUTH_KEY and AUTH_SALT of wp-config.php. Changing the salts, as security plugins do, makes them unreadable: the client secret must be entered again and every doctor must connect again. A key of its own avoids that.', 'telemed-zoom')
            : (string) $this->key->problem()) . '</p>';
        if (!$this->extension->isUsable()) {
            return;
        }
        echo '<p>' . esc_html__('Paste this line into wp-config.php, above the line "That\'s all, stop editing!". It was made for this page just now and is stored nowhere.', 'telemed-zoom') . ' ' .
            ($source === EncryptionKey::FROM_SALTS ? esc_html__('What is stored already is then sealed anew with it by itself.', 'telemed-zoom') : '') . '</p>';
        self::printCopyable('telemed-key-line', sprintf("define( '%s', '%s' );", EncryptionKey::CONSTANT, \Telemed\Vault::generateKey()), __('Line for wp-config.php', 'telemed-zoom'));
    }

    private function scopesRow(Mode $mode): void
    {
        if (!$this->extension->isUsable()) {
            // It knows them, and what is missing is said above.
            return;
        }
        self::row('telemed-scopes-' . $mode->value, __('Scopes', 'telemed-zoom'), static function () use ($mode): void {
            $scopes = $mode->scopes();
            printf(
                '<textarea readonly rows="%d" cols="50" class="code telemed-scopes" id="telemed-scopes-%s">%s</textarea><br>',
                count($scopes),
                esc_attr($mode->value),
                esc_textarea(implode("\n", $scopes))
            );
            self::printCopyButton('telemed-scopes-' . $mode->value);
            echo '<p class="description">' . esc_html__('Give the app exactly these scopes at Zoom. Nothing else is asked for.', 'telemed-zoom') . '</p>';
        });
    }

    private function textRow(string $field, string $label): void
    {
        self::row($field, $label, fn() => printf(
            '<input type="text" class="regular-text code" name="%1$s[%2$s]" id="%2$s" value="%3$s" autocomplete="off" spellcheck="false"%4$s>%5$s',
            esc_attr(Settings::OPTION),
            esc_attr($field),
            esc_attr($this->shown->text($field)),
            self::describedBy($field, false), // phpcs:ignore WordPress.Security.EscapeOutput -- attributes, escaped there
            self::errorUnder($field) // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
        ));
    }

    /** What was wrong with the field when the page was saved just now; else ''. */
    private static function problemOf(string $field): string
    {
        foreach (get_settings_errors(Settings::OPTION) as $error) {
            if ($error['code'] === 'telemed_' . $field && $error['type'] === 'error') {
                return (string) $error['message'];
            }
        }
        return '';
    }

    /** Attributes that tie a field to its explanation and to what was wrong with it. */
    private static function describedBy(string $field, bool $isExplained): string
    {
        $isWrong = self::problemOf($field) !== '';
        $ids = array_filter([$isWrong ? $field . '-error' : '', $isExplained ? $field . '-description' : '']);
        return ($isWrong ? ' aria-invalid="true"' : '') . ($ids === [] ? '' : ' aria-describedby="' . esc_attr(implode(' ', $ids)) . '"');
    }

    private static function errorUnder(string $field): string
    {
        $problem = self::problemOf($field);
        return $problem === '' ? '' : '<p class="telemed-error" id="' . esc_attr($field) . '-error">' . esc_html($problem) . '</p>';
    }

    /** A stored secret never goes back to the browser. */
    private function secretRow(string $field, string $label): void
    {
        self::row($field, $label, function () use ($field): void {
            $isSet = $this->shown->secretIsSet($field);
            $isEntered = $isSet && $this->shown->text($field) !== $this->settings->text($field);
            printf(
                '<input type="password" class="regular-text code" name="%1$s[%2$s]" id="%2$s" value="" autocomplete="new-password" spellcheck="false" placeholder="%3$s" data-set="%4$s"%5$s>%6$s',
                esc_attr(Settings::OPTION),
                esc_attr($field),
                esc_attr(match (true) {
                    $isEntered => __('entered, not saved yet', 'telemed-zoom'),
                    $isSet => __('stored, not shown', 'telemed-zoom'),
                    default => '',
                }),
                $isSet ? '1' : '0',
                self::describedBy($field, true), // phpcs:ignore WordPress.Security.EscapeOutput -- attributes, escaped there
                self::errorUnder($field) // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
            );
            echo '<p class="description" id="' . esc_attr($field) . '-description">' . esc_html(match (true) {
                $isEntered => __('What you entered is kept for ten minutes. Leave this empty to use it when you save.', 'telemed-zoom'),
                $isSet => __('The secret is set. Leave this empty to keep it.', 'telemed-zoom'),
                default => __('Not set yet.', 'telemed-zoom'),
            }) . '</p>';
        });
    }

    private static function openFields(Mode $mode, string $id, string $title, string $text): void
    {
        printf('<div id="%s" class="telemed-mode-fields" data-telemed-mode="%s"><h2>%s</h2><p>%s</p><table class="form-table" role="presentation">', esc_attr($id), esc_attr($mode->value), esc_html($title), esc_html($text));
    }

    private static function closeFields(): void
    {
        echo '</table></div>';
    }

    /** @param callable(): mixed $print */
    private static function row(string $id, string $label, callable $print): void
    {
        printf('<tr><th scope="row"><label for="%s">%s</label></th><td>', esc_attr($id), esc_html($label));
        $print();
        echo '</td></tr>';
    }

    /**
     * A line of text and a button that copies it.
     *
     * @param string $label what the line is, for those who hear the page, where no label stands beside it
     */
    public static function printCopyable(string $id, string $text, string $label = ''): void
    {
        printf(
            '<input type="text" readonly class="large-text code telemed-copyable" id="%s" value="%s"%s> ',
            esc_attr($id),
            esc_attr($text),
            $label === '' ? '' : ' aria-label="' . esc_attr($label) . '"'
        );
        self::printCopyButton($id);
    }

    /** Shown by the script, without which one selects and copies by hand. */
    private static function printCopyButton(string $id): void
    {
        printf('<button type="button" class="button button-small telemed-copy" data-telemed-copy="%s" hidden>%s</button>', esc_attr($id), esc_html__('Copy', 'telemed-zoom'));
    }
}
