<?php
/**
 * The screen Telemed, Doctors, for administrators. Server-to-Server: propose, confirm and change each doctor's Zoom host.
 * OAuth: see who is connected.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Host;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class DoctorsScreen
{
    public const ACTION_CONFIRM = 'telemed_confirm_host';
    public const ACTION_CONFIRM_ALL = 'telemed_confirm_matches';
    public const ACTION_REMOVE = 'telemed_remove_host';
    public const ACTION_KEEP = 'telemed_keep_host';
    private const ZOOM_SECONDS = 20.0;
    private const KEEP_SECONDS = 300;

    public function __construct(
        private readonly Settings $settings,
        private readonly HostMap $hosts,
        private readonly ZoomApps $apps,
        private readonly AppOpener $opener
    ) {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addMenu']);
        AdminPost::on(self::ACTION_CONFIRM, Capabilities::ADMIN, [$this, 'confirm']);
        AdminPost::on(self::ACTION_CONFIRM_ALL, Capabilities::ADMIN, [$this, 'confirmAll']);
        AdminPost::on(self::ACTION_REMOVE, Capabilities::ADMIN, [$this, 'remove']);
        AdminPost::on(self::ACTION_KEEP, Capabilities::ADMIN, [$this, 'keep']);
    }

    public function addMenu(): void
    {
        add_submenu_page(
            AdminPages::MEETINGS,
            __('Doctors', 'telemed-zoom'),
            __('Doctors', 'telemed-zoom'),
            Capabilities::ADMIN,
            AdminPages::DOCTORS,
            [$this, 'show']
        );
    }

    public function show(): void
    {
        echo '<div class="wrap" id="telemed-doctors"><h1>' . esc_html__('Doctors', 'telemed-zoom') . '</h1><p>' .
            esc_html__('Listed is every user who may hold video visits: those with the role Telemed doctor, KiviCare\'s doctors, and administrators (whoever has the capability telemed_host).', 'telemed-zoom') . '</p>';
        match ($this->settings->mode()) {
            Mode::ServerToServer => $this->showHosts(),
            Mode::OAuth => $this->showConnections(),
            default => Notice::print('info', esc_html__('Choose first how the clinic uses Zoom.', 'telemed-zoom') . ' <a href="' . esc_url(AdminPages::settings()) . '">' . esc_html__('Settings', 'telemed-zoom') . '</a>'),
        };
        echo '</div>';
    }

    /** @param array<string, mixed> $fields */
    public function confirm(array $fields): string
    {
        $doctor = get_userdata(AdminPost::number($fields, 'doctor'));
        $wanted = AdminPost::text($fields, 'host');
        if ($doctor === false || !Capabilities::isDoctor($doctor->ID)) {
            AdminPost::forbid();
        }
        if ($wanted === '') {
            Notice::flash('error', __('Choose a Zoom user first.', 'telemed-zoom'));
            return AdminPages::doctors();
        }
        try {
            $zoomUser = $this->client()->user($wanted);
            if ($zoomUser->status() !== null && $zoomUser->status() !== 'active') {
                throw new Problem(
                    'telemed_inactive_host',
                    sprintf(
                        /* translators: 1: e-mail of a Zoom user, 2: status at Zoom such as inactive */
                        __('the Zoom user %1$s is not active (%2$s) and can hold no meetings', 'telemed-zoom'),
                        $zoomUser->email() ?? $zoomUser->id(),
                        $zoomUser->status()
                    ),
                    __('Activate the user in Zoom or choose another.', 'telemed-zoom')
                );
            }
            if (!$this->allowShared($doctor, $zoomUser->id(), !empty($fields['shared']))) {
                return AdminPages::doctors();
            }
            $this->put($doctor, $zoomUser);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('The host was not confirmed:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
        }
        return AdminPages::doctors();
    }

    /**
     * Confirms what the administrator saw proposed, where it still is the match.
     *
     * @param array<string, mixed> $fields
     */
    public function confirmAll(array $fields): string
    {
        $seen = is_array($fields['match'] ?? null) ? $fields['match'] : [];
        try {
            $zoomUsers = $this->client()->users();
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('No host was confirmed:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
            return AdminPages::doctors();
        }
        $confirmed = 0;
        $doctors = Doctors::all();
        foreach ($doctors as $doctor) {
            $proposal = HostMap::proposal($doctor, $zoomUsers);
            if (
                $proposal === null || ($seen[$doctor->ID] ?? null) !== $proposal->id()
                || $this->hosts->of($doctor->ID) !== null || $this->hosts->othersWith($proposal->id(), $doctor->ID, $doctors) !== []
            ) {
                continue;
            }
            $this->put($doctor, $proposal, false);
            $confirmed++;
        }
        Notice::flash($confirmed > 0 ? 'success' : 'warning', sprintf(
            /* translators: %d: number of doctors */
            _n('%d doctor\'s host is confirmed.', '%d doctors\' hosts are confirmed.', $confirmed, 'telemed-zoom'),
            $confirmed
        ));
        return AdminPages::doctors();
    }

    /** @param array<string, mixed> $fields */
    public function remove(array $fields): string
    {
        $doctor = AdminPost::number($fields, 'doctor');
        $this->hosts->remove($doctor);
        /* translators: %s: name of a doctor */
        Notice::flash('success', sprintf(__('%s has no Zoom host any more. Meetings that exist stay with theirs.', 'telemed-zoom'), Doctors::name($doctor)));
        return AdminPages::doctors();
    }

    /**
     * The e-mail has changed and the host is still right.
     *
     * @param array<string, mixed> $fields
     */
    public function keep(array $fields): string
    {
        $doctor = get_userdata(AdminPost::number($fields, 'doctor'));
        $host = $doctor === false ? null : $this->hosts->of($doctor->ID);
        if ($doctor !== false && $host !== null) {
            $this->hosts->confirm($doctor->ID, Host::fromArray(['site_email' => $doctor->user_email] + $host->toArray()));
            Notice::flash('success', __('The host is confirmed again.', 'telemed-zoom'));
        }
        return AdminPages::doctors();
    }

    private function showHosts(): void
    {
        $zoomUsers = [];
        try {
            $zoomUsers = $this->client()->users();
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::print('warning', esc_html__('The users of the Zoom account cannot be listed; type a Zoom user\'s id or e-mail instead.', 'telemed-zoom') . ' ' . esc_html(ErrorText::of($failure)), 'telemed-users-notice');
        }
        $proposals = [];
        $doctors = Doctors::all();
        foreach ($doctors as $doctor) {
            $proposal = $this->hosts->of($doctor->ID) === null ? HostMap::proposal($doctor, $zoomUsers) : null;
            if ($proposal !== null) {
                $proposals[$doctor->ID] = $proposal;
            }
        }
        echo '<p>' . esc_html__('A doctor\'s meetings are held by the Zoom user confirmed here. Proposals come from the e-mail; they are in force once you confirm them, and a later change of e-mail changes nothing.', 'telemed-zoom') . '</p>';
        if ($proposals !== []) {
            printf('<form method="post" action="%s" id="telemed-confirm-all">', esc_url(AdminPost::url()));
            AdminPost::fields(self::ACTION_CONFIRM_ALL);
            foreach ($proposals as $id => $proposal) {
                printf('<input type="hidden" name="match[%d]" value="%s">', (int) $id, esc_attr($proposal->id()));
            }
            printf('<p><button type="submit" class="button button-primary">%s</button></p></form>', esc_html(sprintf(
                /* translators: %d: number of doctors */
                _n('Confirm the %d exact match', 'Confirm all %d exact matches', count($proposals), 'telemed-zoom'),
                count($proposals)
            )));
        }
        echo '<table class="widefat striped telemed-table" id="telemed-hosts"><thead><tr><th scope="col">' . esc_html__('Doctor', 'telemed-zoom') . '</th><th scope="col">' . esc_html__('Zoom host in force', 'telemed-zoom') . '</th><th scope="col">' . esc_html__('Confirm or change', 'telemed-zoom') . '</th></tr></thead><tbody>';
        $asked = get_transient(self::transient());
        $asked = is_array($asked) ? $asked : ['doctor' => 0, 'host' => ''];
        delete_transient(self::transient());
        foreach ($doctors as $doctor) {
            $this->printHostRow($doctor, $doctors, $zoomUsers, $proposals[$doctor->ID] ?? null, (int) $asked['doctor'] === $doctor->ID ? (string) $asked['host'] : '');
        }
        echo '</tbody></table>';
    }

    /**
     * @param list<\WP_User>      $doctors   all of them
     * @param list<\Telemed\User> $zoomUsers
     * @param string              $sharedHost the host whose sharing has to be confirmed, else ''
     */
    private function printHostRow(\WP_User $doctor, array $doctors, array $zoomUsers, ?\Telemed\User $proposal, string $sharedHost): void
    {
        $host = $this->hosts->of($doctor->ID);
        printf(
            '<tr id="telemed-doctor-%d" data-host="%s"><td><strong>%s</strong><br>%s</td><td class="telemed-host">',
            (int) $doctor->ID,
            esc_attr($host === null ? '' : $host->id),
            esc_html($doctor->display_name),
            esc_html($doctor->user_email)
        );
        if ($host === null) {
            echo '<em>' . esc_html__('None: no meeting can be made', 'telemed-zoom') . '</em>';
        } else {
            $this->printHost($doctor, $host, $doctors);
        }
        printf('</td><td><form method="post" action="%s" class="telemed-host-form">', esc_url(AdminPost::url()));
        AdminPost::fields(self::ACTION_CONFIRM, ['doctor' => $doctor->ID]);
        $selected = $sharedHost !== '' ? $sharedHost : ($proposal?->id() ?? $host?->id ?? '');
        /* translators: %s: name of a doctor */
        $label = sprintf(__('Zoom user who hosts for %s', 'telemed-zoom'), $doctor->display_name);
        if ($zoomUsers === []) {
            printf(
                '<input type="text" name="host" value="%s" class="regular-text" placeholder="%s" aria-label="%s">',
                esc_attr($selected),
                esc_attr__('Zoom user id or e-mail', 'telemed-zoom'),
                esc_attr($label)
            );
        } else {
            self::printUsers($zoomUsers, $selected, $label);
        }
        if ($sharedHost !== '') {
            printf('<label><input type="checkbox" name="shared" value="1"> %s</label>', esc_html__('I know that Zoom runs one meeting of a host at a time; these doctors share one host.', 'telemed-zoom'));
        }
        printf(
            ' <button type="submit" class="button">%s<span class="screen-reader-text"> (%s)</span></button></form>',
            esc_html__('Confirm', 'telemed-zoom'),
            esc_html($doctor->display_name)
        );
        if ($proposal !== null) {
            echo '<p class="description telemed-proposal">' . esc_html(sprintf(
                /* translators: %s: e-mail of a Zoom user */
                __('Proposed: %s has the same e-mail.', 'telemed-zoom'),
                (string) $proposal->email()
            )) . '</p>';
        }
        echo '</td></tr>';
    }

    /** @param list<\WP_User> $doctors all of them */
    private function printHost(\WP_User $doctor, Host $host, array $doctors): void
    {
        echo '<strong>' . esc_html($host->name) . '</strong><br>' . esc_html($host->email ?? $host->id) . '<br>';
        echo $host->isLicensed
            ? '<span class="description">' . esc_html__('Licensed', 'telemed-zoom') . '</span>'
            : '<span class="telemed-error">' . esc_html__('Basic: meetings end after 40 minutes', 'telemed-zoom') . '</span>';
        if ($host->account !== $this->settings->text('s2s_account_id')) {
            echo '<p class="telemed-error">' . esc_html__('Confirmed for another Zoom account: confirm one of this account.', 'telemed-zoom') . '</p>';
        }
        $others = $this->hosts->othersWith($host->id, $doctor->ID, $doctors);
        if ($others !== []) {
            echo '<p class="telemed-error">' . esc_html(sprintf(
                /* translators: %s: names of doctors */
                __('Shared with %s: Zoom runs one meeting of a host at a time.', 'telemed-zoom'),
                implode(', ', array_map([Doctors::class, 'name'], $others))
            )) . '</p>';
        }
        if (strcasecmp($host->siteEmail, $doctor->user_email) !== 0) {
            echo '<p class="telemed-error telemed-email-changed">' . esc_html(sprintf(
                /* translators: %s: former e-mail */
                __('The doctor\'s e-mail was %s when this was confirmed.', 'telemed-zoom'),
                $host->siteEmail
            )) . '</p>';
            AdminPost::button(self::ACTION_KEEP, __('Still right', 'telemed-zoom'), ['doctor' => $doctor->ID], 'button button-small');
        }
        echo '<div>';
        AdminPost::button(self::ACTION_REMOVE, __('Remove', 'telemed-zoom'), ['doctor' => $doctor->ID], 'button-link button-link-delete');
        echo '</div>';
    }

    /** @param list<\Telemed\User> $zoomUsers */
    private static function printUsers(array $zoomUsers, string $selected, string $label): void
    {
        echo '<select name="host" aria-label="' . esc_attr($label) . '"><option value="">' . esc_html__('Choose a Zoom user', 'telemed-zoom') . '</option>';
        foreach ($zoomUsers as $user) {
            printf(
                '<option value="%s"%s>%s</option>',
                esc_attr($user->id()),
                selected($selected, $user->id(), false),
                esc_html($user->name() . ', ' . ($user->email() ?? $user->id()) . ($user->isLicensed() ? '' : ' (' . __('Basic', 'telemed-zoom') . ')'))
            );
        }
        echo '</select>';
    }

    private function showConnections(): void
    {
        echo '<p>' . esc_html__('Each doctor connects on their own profile page, with their own Zoom login.', 'telemed-zoom') . '</p>';
        echo '<table class="widefat striped telemed-table" id="telemed-connections"><thead><tr><th scope="col">' . esc_html__('Doctor', 'telemed-zoom') . '</th><th scope="col">' . esc_html__('Connection to Zoom', 'telemed-zoom') . '</th></tr></thead><tbody>';
        foreach (Doctors::all() as $doctor) {
            [$status, $text] = $this->connectionText($doctor->ID);
            printf(
                '<tr id="telemed-doctor-%d" data-status="%s"><td><strong><a href="%s">%s</a></strong><br>%s</td><td>%s</td></tr>',
                (int) $doctor->ID,
                esc_attr($status),
                esc_url((string) get_edit_user_link($doctor->ID)),
                esc_html($doctor->display_name),
                esc_html($doctor->user_email),
                esc_html($text)
            );
        }
        echo '</tbody></table>';
    }

    /** @return array{string, string} */
    private function connectionText(int $doctor): array
    {
        try {
            $connection = $this->apps->connection($doctor);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return ['unknown', ErrorText::of($failure)];
        }
        if ($connection === null) {
            return ['none', __('Not connected', 'telemed-zoom')];
        }
        if ($connection->status() !== 'connected') {
            return [$connection->status(), __('Ended, must be authorized again:', 'telemed-zoom') . ' ' . $connection->reason()];
        }
        return ['connected', DoctorProfile::describe($connection)];
    }

    private function client(): \Telemed\Client
    {
        return $this->opener->serverToServer()->client()->within(self::ZOOM_SECONDS);
    }

    /** One host for two doctors needs a confirmation of its own. */
    private function allowShared(\WP_User $doctor, string $zoomUser, bool $confirmed): bool
    {
        $others = $this->hosts->othersWith($zoomUser, $doctor->ID);
        if ($others === [] || $confirmed) {
            return true;
        }
        set_transient(self::transient(), ['doctor' => $doctor->ID, 'host' => $zoomUser], self::KEEP_SECONDS);
        Notice::flash('warning', sprintf(
            /* translators: 1: names of doctors, 2: name of a doctor */
            __('This Zoom user already hosts for %1$s. Zoom runs one meeting of a host at a time, so overlapping visits would shut patients out. If you want it all the same, tick the box beside %2$s and confirm again.', 'telemed-zoom'),
            implode(', ', array_map([Doctors::class, 'name'], $others)),
            $doctor->display_name
        ));
        return false;
    }

    private function put(\WP_User $doctor, \Telemed\User $zoomUser, bool $tell = true): void
    {
        $this->hosts->confirm($doctor->ID, Host::confirmed($zoomUser, $this->settings->text('s2s_account_id'), $doctor));
        if ($tell) {
            /* translators: 1: Zoom user, 2: name of a doctor */
            Notice::flash('success', sprintf(__('%1$s now hosts for %2$s.', 'telemed-zoom'), $zoomUser->email() ?? $zoomUser->id(), $doctor->display_name));
        }
    }

    private static function transient(): string
    {
        return 'telemed_shared_host_' . get_current_user_id();
    }
}
