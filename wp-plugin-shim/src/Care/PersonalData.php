<?php
/**
 * WordPress' tools for personal data, by e-mail: what this plugin knows of a patient or a doctor is exported and erased. What
 * nobody needs any more is forgotten by night, and a deleted user at once.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Migration\Upgrade;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Work\AfterRequest;

defined('ABSPATH') || exit;

final class PersonalData
{
    private const NAME = 'telemed-zoom';
    /** Visits, or lines of the log, on one page of an export. */
    private const PER_PAGE = 100;

    public function __construct(
        private readonly PersonalRows $rows,
        private readonly Upgrade $upgrade,
        private readonly MeetingLog $log,
        private readonly ZoomApps $apps,
        private readonly HostMap $hosts,
        private readonly Settings $settings,
        private readonly AfterRequest $afterRequest
    ) {
    }

    public function register(): void
    {
        add_filter('wp_privacy_personal_data_exporters', fn(array $all): array => $all + [self::NAME => [
            'exporter_friendly_name' => __('Video visits (Telemed)', 'telemed-zoom'),
            'callback' => [$this, 'export'],
        ]]);
        add_filter('wp_privacy_personal_data_erasers', fn(array $all): array => $all + [self::NAME => [
            'eraser_friendly_name' => __('Video visits (Telemed)', 'telemed-zoom'),
            'callback' => [$this, 'erase'],
        ]]);
        add_action('admin_init', [PrivacyPolicy::class, 'suggest']);
        add_action('deleted_user', [$this, 'userIsDeleted']);
        add_action('wpmu_delete_user', [$this, 'userIsDeleted']);
        add_action(Hooks::NIGHTLY, [$this, 'expire'], 30);
    }

    /**
     * A page of what is known of the person with this e-mail.
     *
     * @return array{data: list<array<string, mixed>>, done: bool}
     * @throws DatabaseException
     */
    public function export(string $email, int $page = 1): array
    {
        $this->upgrade->demand();
        $user = self::user($email);
        $offset = (max(1, $page) - 1) * self::PER_PAGE;
        $visits = $this->rows->visitsWith($user, $email, $offset, self::PER_PAGE);
        $lines = $this->rows->linesBy($user, $offset, self::PER_PAGE);
        $data = $page > 1 ? [] : $this->exportDoctor($user);
        foreach ($visits as $visit) {
            $data[] = $this->exportVisit($visit);
        }
        foreach ($lines as $number => $line) {
            $data[] = self::item('actions', __('What you did to video visits', 'telemed-zoom'), 'action-' . ($offset + $number), [
                __('Visit', 'telemed-zoom') => (string) $line['visit'],
                __('When (UTC)', 'telemed-zoom') => $line['at'],
                __('What', 'telemed-zoom') => LogText::of($line['event'], $line['note']),
            ]);
        }
        return ['data' => $data, 'done' => count($visits) < self::PER_PAGE && count($lines) < self::PER_PAGE];
    }

    /**
     * Forgets the person in visits that are over. Those to come stay: their mails need the address.
     *
     * @return array{items_removed: bool, items_retained: bool, messages: list<string>, done: bool}
     * @throws DatabaseException
     */
    public function erase(string $email, int $page = 1): array
    {
        unset($page);
        $this->upgrade->demand();
        $user = self::user($email);
        $visits = $this->rows->forget($user, $email);
        $removed = $visits['removed'];
        $messages = [];
        if ($visits['kept'] > 0) {
            $messages[] = sprintf(
                /* translators: %d: number of visits */
                _n('%d video visit is still to take place and was kept. Cancel it or wait until it is over, then erase again.', '%d video visits are still to take place and were kept. Cancel them or wait until they are over, then erase again.', $visits['kept'], 'telemed-zoom'),
                $visits['kept']
            );
        }
        $isStaff = $user !== 0 && (Capabilities::isDoctor($user) || Capabilities::isAdmin($user));
        if ($isStaff) {
            $messages[] = __('This user holds or manages video visits. What staff did stays in the log of visits as long as the log is kept; the connection to Zoom ends with Disconnect or with the user.', 'telemed-zoom');
        } elseif ($user !== 0) {
            $removed += $this->rows->forgetActor($user);
        }
        $unmoved = (int) $this->upgrade->left();
        if ($unmoved > 0) {
            $messages[] = __('Some visits could not be moved from the tables of the version before, and were not looked at. A notice in wp-admin names them.', 'telemed-zoom');
        }
        return ['items_removed' => $removed > 0, 'items_retained' => $visits['kept'] > 0 || $isStaff || $unmoved > 0, 'messages' => $messages, 'done' => true];
    }

    /** In a network also on each blog that knew the user: their nightly run sees to that. */
    public function userIsDeleted(int $user): void
    {
        // Whoever deletes may have a transaction open, and roll back: what stands afterwards counts. The night looks again.
        $this->afterRequest->later(function () use ($user): void {
            if (get_userdata($user) === false) {
                $this->rows->forgetUser($user);
            }
        });
    }

    public function expire(): void
    {
        try {
            $this->rows->expire($this->settings->patientDays());
            foreach ($this->rows->patients() as $patient) {
                if (get_userdata($patient) === false) {
                    $this->rows->forgetUser($patient);
                }
            }
        } catch (DatabaseException) {
            // The next night tries again.
            return;
        }
    }

    /** @return array<string, mixed> */
    private function exportVisit(MeetingRecord $visit): array
    {
        return self::item('visits', __('Video visits', 'telemed-zoom'), 'visit-' . $visit->id, [
            __('Visit', 'telemed-zoom') => (string) $visit->id,
            __('When (UTC)', 'telemed-zoom') => $visit->start->format('Y-m-d H:i'),
            __('Minutes', 'telemed-zoom') => (string) $visit->minutes,
            __('With', 'telemed-zoom') => Doctors::name($visit->doctor),
            __('State', 'telemed-zoom') => $visit->state->label(),
            __('Your e-mail', 'telemed-zoom') => (string) $visit->patientEmail,
            __('Visit link', 'telemed-zoom') => VisitLink::url($visit),
            __('Log (UTC)', 'telemed-zoom') => implode("\n", array_map(
                static fn(array $line): string => $line['at']->format('Y-m-d H:i:s') . ' ' . LogText::of($line['event'], $line['note']),
                $this->log->of($visit->id)
            )),
        ]);
    }

    /** @return list<array<string, mixed>> the doctor's account at Zoom */
    private function exportDoctor(int $user): array
    {
        if ($user === 0 || !Capabilities::isDoctor($user)) {
            return [];
        }
        $host = $this->hosts->of($user);
        $facts = $host === null ? [] : [
            __('Zoom user', 'telemed-zoom') => trim($host->name . ' ' . $host->email),
            __('Zoom user id', 'telemed-zoom') => $host->id,
        ];
        if ($this->settings->doctorsConnect()) {
            $facts += $this->exportConnection($user);
        }
        return $facts === [] ? [] : [self::item('zoom', __('Account at Zoom', 'telemed-zoom'), "zoom-$user", $facts)];
    }

    /** @return array<string, string> */
    private function exportConnection(int $doctor): array
    {
        try {
            $connection = $this->apps->connection($doctor);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return [__('Connection to Zoom', 'telemed-zoom') => ErrorText::of($failure)];
        }
        return $connection === null ? [] : [
            __('Connection to Zoom', 'telemed-zoom') => $connection->status(),
            __('Connected Zoom user', 'telemed-zoom') => trim($connection->zoomEmail() . ' ' . $connection->zoomUserId()),
            __('Scopes', 'telemed-zoom') => implode(' ', $connection->scopes()),
        ];
    }

    /**
     * @param array<string, string> $facts by their names; empty ones are left out
     * @return array<string, mixed>
     */
    private static function item(string $group, string $label, string $id, array $facts): array
    {
        $data = [];
        foreach (array_filter($facts, static fn(string $value): bool => $value !== '') as $name => $value) {
            $data[] = ['name' => $name, 'value' => $value];
        }
        return ['group_id' => self::NAME . '-' . $group, 'group_label' => $label, 'item_id' => self::NAME . '-' . $id, 'data' => $data];
    }

    /** The number of the user with this e-mail; 0: none. */
    private static function user(string $email): int
    {
        $user = get_user_by('email', $email);
        return $user === false ? 0 : $user->ID;
    }
}
