<?php
/**
 * The part of the profile page that is a doctor's: the time zone and the connection to Zoom.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Connections\OAuthCallback;
use TelemedZoom\Departures\Departures;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Site\PlainPage;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\LetsGo;

defined('ABSPATH') || exit;

final class DoctorProfile
{
    public const ACTION_AUTHORIZE = 'telemed_authorize';
    public const ACTION_DISCONNECT = 'telemed_disconnect';
    /** The buttons stand inside WordPress' own form; these forms, to which they belong, follow after it. */
    private const AUTHORIZE_FORM = 'telemed-authorize-form';
    private const DISCONNECT_FORM = 'telemed-disconnect-form';
    /** After this long an authorization that never came back is worth a question, until it is forgotten. */
    private const ASK_AFTER_SECONDS = 20;
    private const SECONDS = 20.0;
    private const FORGET_AFTER_SECONDS = DAY_IN_SECONDS;

    private int $shownFor = 0;

    public function __construct(
        private readonly Settings $settings,
        private readonly HostMap $hosts,
        private readonly ZoomApps $apps,
        private readonly Site $site,
        private readonly LedgerQueries $queries,
        private readonly Departures $departures,
        private readonly ZoomUserQuestion $question
    ) {
    }

    public function register(): void
    {
        add_action('show_user_profile', [$this, 'show']);
        add_action('edit_user_profile', [$this, 'show']);
        add_action('personal_options_update', [$this, 'save']);
        add_action('edit_user_profile_update', [$this, 'save']);
        add_action('admin_footer', [$this, 'printForms']);
        AdminPost::on(self::ACTION_AUTHORIZE, Capabilities::HOST, [$this, 'authorize']);
        AdminPost::on(self::ACTION_DISCONNECT, 'read', [$this, 'disconnect']);
    }

    public function show(\WP_User $user): void
    {
        if (!Capabilities::isDoctor($user->ID)) {
            return;
        }
        $this->shownFor = $user->ID;
        // The address leads here, and takes the focus along.
        echo '<div id="' . esc_attr(AdminPages::PROFILE_ANCHOR) . '" tabindex="-1"><h2>' . esc_html__('Video visits on Zoom', 'telemed-zoom') . '</h2><div id="telemed-result">';
        Notice::printFlash(isInline: true);
        OAuthCallback::printUnknown();
        echo '</div></div><table class="form-table" role="presentation"><tr><th scope="row"><label for="telemed_timezone">' . esc_html__('Time zone', 'telemed-zoom') . '</label></th><td>';
        $zone = get_user_option(Doctors::META_TIMEZONE, $user->ID);
        TimezoneField::print('telemed_timezone', is_string($zone) ? $zone : '', __('The site\'s time zone', 'telemed-zoom'), false);
        echo '<p class="description">' . esc_html__('New visits are offered in it, and the list shows each visit in it too.', 'telemed-zoom') . '</p></td></tr><tr><th scope="row">' . esc_html__('Zoom', 'telemed-zoom') . '</th><td id="telemed-connection">';
        match ($this->settings->mode()) {
            Mode::OAuth => $this->showConnection($user),
            Mode::ServerToServer => $this->showHost($user),
            default => print(esc_html__('The clinic has not chosen yet how it uses Zoom.', 'telemed-zoom')),
        };
        echo '</td></tr></table>';
    }

    /** WordPress has checked its nonce already. */
    public function save(int $user): void
    {
        if (isset($_POST['telemed_timezone']) && current_user_can('edit_user', $user) && Capabilities::isDoctor($user)) { // phpcs:ignore WordPress.Security.NonceVerification
            Doctors::setTimezone($user, sanitize_text_field(wp_unslash((string) $_POST['telemed_timezone']))); // phpcs:ignore WordPress.Security.NonceVerification
        }
    }

    public function printForms(): void
    {
        if ($this->shownFor === 0) {
            return;
        }
        foreach ([self::AUTHORIZE_FORM => self::ACTION_AUTHORIZE, self::DISCONNECT_FORM => self::ACTION_DISCONNECT] as $id => $action) {
            printf('<form method="post" action="%s" id="%s">', esc_url(AdminPost::url()), esc_attr($id));
            AdminPost::fields($action, ['user' => $this->shownFor]);
            echo '</form>';
        }
        $this->question->printForm($this->shownFor);
    }

    /**
     * Sends the doctor to Zoom. Nobody authorizes for another.
     *
     * @param array<string, mixed> $fields
     */
    public function authorize(array $fields): string
    {
        $user = get_current_user_id();
        if (AdminPost::number($fields, 'user') !== $user) {
            AdminPost::forbid();
        }
        try {
            $url = $this->apps->authorizationUrl($user);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('The authorization cannot begin:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
            return AdminPages::profile();
        }
        // Zoom's own page, which wp_safe_redirect would not go to.
        PlainPage::headers();
        status_header(302);
        header('Location: ' . $url);
        exit;
    }

    /** @param array<string, mixed> $fields */
    public function disconnect(array $fields): string
    {
        $user = AdminPost::number($fields, 'user');
        $isOwn = $user === get_current_user_id();
        if (!($isOwn && Capabilities::isDoctor()) && !(Capabilities::isAdmin() && current_user_can('edit_user', $user))) {
            AdminPost::forbid();
        }
        try {
            if ($this->departures->ofConnection($user) !== []) {
                // They are shown first.
                return AdminPages::departure($user);
            }
            $isDone = $this->departures->disconnect($user, self::SECONDS);
            Notice::flash($isDone ? 'success' : 'warning', $isDone ? DepartureQuestion::done(LetsGo::Disconnected) : DepartureQuestion::pending());
        } catch (\Telemed\TransportException $failure) {
            Notice::flash('warning', DepartureQuestion::pending() . ' ' . ErrorText::of($failure));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('Zoom was not disconnected:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
        }
        return $isOwn ? AdminPages::profile() : AdminPages::profileOf($user);
    }

    /** Who is connected, in one sentence. */
    public static function describe(\Telemed\Connection $connection): string
    {
        $who = $connection->zoomName() ?? '';
        if ($connection->zoomEmail() !== null) {
            $who = $who === '' ? $connection->zoomEmail() : sprintf('%s (%s)', $who, $connection->zoomEmail());
        }
        $plan = match ($connection->isLicensed()) {
            true => __('Licensed plan.', 'telemed-zoom'),
            false => __('Basic plan: Zoom ends each meeting after 40 minutes, and there can be no agreement (BAA) with Zoom. A paid plan is needed for patients.', 'telemed-zoom'),
            null => __('Plan unknown.', 'telemed-zoom'),
        };
        /* translators: 1: Zoom user, 2: sentence on the plan */
        $text = sprintf(__('Connected as %1$s. %2$s', 'telemed-zoom'), $who === '' ? (string) $connection->zoomUserId() : $who, $plan);
        $end = $connection->until();
        /* translators: %s: date and time */
        return $end === null ? $text : $text . ' ' . sprintf(__('The connection ends %s and must be authorized again: Zoom\'s answer to its renewal was lost.', 'telemed-zoom'), (string) wp_date(get_option('date_format') . ' ' . get_option('time_format'), $end->getTimestamp()));
    }

    private function showConnection(\WP_User $user): void
    {
        try {
            $connection = $this->apps->connection($user->ID);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            echo '<p class="telemed-error">' . esc_html(ErrorText::of($failure)) . '</p>';
            return;
        }
        $isOwn = $user->ID === get_current_user_id();
        if ($connection !== null && $connection->status() === 'connected') {
            printf('<p id="telemed-connected" data-plan="%s">%s</p>', match ($connection->isLicensed()) {
                true => 'licensed',
                false => 'basic',
                null => 'unknown',
            }, esc_html(self::describe($connection)));
            $this->question->show($user->ID);
            $this->showUpcoming($user->ID);
            self::printButton(self::DISCONNECT_FORM, __('Disconnect', 'telemed-zoom'), 'button');
            if ($isOwn) {
                echo ' ';
                $again = $connection->until() === null ? __('Log in as another Zoom user', 'telemed-zoom') : __('Authorize with Zoom', 'telemed-zoom');
                self::printButton(self::AUTHORIZE_FORM, $again, 'button');
            }
            return;
        }
        if ($connection !== null) {
            printf(
                '<p id="telemed-ended" class="telemed-error" data-status="%s">%s</p>',
                esc_attr($connection->status()),
                esc_html(sprintf(
                    /* translators: 1: date, 2: reason */
                    __('The connection to Zoom has ended%1$s: %2$s. Authorize again to go on.', 'telemed-zoom'),
                    $connection->since() === null ? '' : ' (' . wp_date((string) get_option('date_format'), $connection->since()->getTimestamp()) . ')',
                    rtrim((string) $connection->reason(), '.')
                ))
            );
        } else {
            if ($this->departures->isEnding($user->ID)) {
                echo '<p id="telemed-ending">' . esc_html(DepartureQuestion::pending()) . '</p>';
            }
            echo '<p id="telemed-not-connected">' . esc_html__('Not connected. Your video visits will be held by your own Zoom account: click once, log in to Zoom, and allow the app.', 'telemed-zoom') . '</p>';
        }
        if ($isOwn) {
            $this->askAboutLostAuthorization($user->ID);
            self::printButton(self::AUTHORIZE_FORM, __('Authorize with Zoom', 'telemed-zoom'), 'button button-primary');
        } else {
            echo '<p>' . esc_html__('Only the doctor can authorize, on their own profile page.', 'telemed-zoom') . '</p>';
        }
        if ($connection !== null) {
            echo ' ';
            self::printButton(self::DISCONNECT_FORM, __('Disconnect', 'telemed-zoom'), 'button');
        }
    }

    private function showUpcoming(int $doctor): void
    {
        try {
            $upcoming = $this->queries->countOfConnection($this->site->subject($doctor));
        } catch (DatabaseException) {
            return;
        }
        if ($upcoming > 0) {
            echo '<p class="description">' . esc_html(sprintf(
                /* translators: %d: number of meetings */
_n('%d upcoming meeting belongs to this connection. Disconnect asks first what becomes of it.', '%d upcoming meetings belong to this connection. Disconnect asks first what becomes of them.', $upcoming, 'telemed-zoom'),
                $upcoming
            )) . '</p>';
        }
    }

    /** Zoom shows its own errors on its own pages and then sends nobody back. */
    private function askAboutLostAuthorization(int $user): void
    {
        $began = (int) get_user_option(Doctors::META_AUTHORIZING, $user);
        $age = time() - $began;
        if ($began === 0 || $age < self::ASK_AFTER_SECONDS || $age > self::FORGET_AFTER_SECONDS) {
            return;
        }
        echo '<div id="telemed-lost-authorization" class="notice notice-warning inline"><p>' . esc_html(sprintf(
            /* translators: %s: time of day */
            __('You began to authorize at %s, and Zoom has not sent you back. Did Zoom show an error?', 'telemed-zoom'),
            (string) wp_date((string) get_option('time_format'), $began)
        )) . '</p><ul class="ul-disc"><li>' .
            esc_html__('"Invalid redirect" or 4700: the redirect URL at Zoom is not, letter for letter, the one on this site\'s settings page. Tell an administrator.', 'telemed-zoom') . '</li><li>' .
            esc_html__('The app cannot be added, or is not available: your Zoom account is not the one that owns the app, and Zoom has not published it or approved sharing it. Tell an administrator.', 'telemed-zoom') . '</li><li>' .
            esc_html__('Approval needed: your Zoom account lets an administrator approve apps first. Ask that administrator.', 'telemed-zoom') . '</li><li>' .
            esc_html__('You clicked Decline, or closed the page: click Authorize with Zoom again.', 'telemed-zoom') . '</li></ul></div>';
    }

    private function showHost(\WP_User $user): void
    {
        $host = $this->hosts->of($user->ID);
        if ($host === null) {
            echo '<p id="telemed-no-host">' . esc_html__('No Zoom user of the clinic is confirmed as host yet, so no visit can be made. An administrator does so under Telemed, Doctors.', 'telemed-zoom') . '</p>';
            return;
        }
        echo '<p id="telemed-host" data-host="' . esc_attr($host->id) . '">' . esc_html(sprintf(
            /* translators: 1: name, 2: e-mail */
            __('Visits are held by the clinic\'s Zoom user %1$s (%2$s). There is nothing to set up.', 'telemed-zoom'),
            $host->name,
            $host->email ?? $host->id
        )) . '</p>';
    }

    private static function printButton(string $form, string $label, string $class): void
    {
        printf('<button type="submit" form="%s" class="%s" id="%s">%s</button>', esc_attr($form), esc_attr($class), esc_attr(str_replace('-form', '', $form)), esc_html($label));
    }
}
