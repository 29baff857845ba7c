<?php
/**
 * Says what remains at Zoom when the plugin is deleted: beforehand in WordPress' list of plugins, and once more by mail when it
 * happens, for nobody can look it up on this site afterwards.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Mail\Mail;
use TelemedZoom\Migration\Upgrade;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\PluginFile;

defined('ABSPATH') || exit;

final class UninstallNotice
{
    private const MOST_LISTED = 500;

    public function __construct(private readonly LedgerQueries $queries, private readonly Upgrade $upgrade)
    {
    }

    public function register(): void
    {
        add_action('after_plugin_row_' . plugin_basename(PluginFile::path()), [$this, 'show']);
    }

    public function show(): void
    {
        if (!current_user_can('delete_plugins')) {
            return;
        }
        $count = count($this->upcomingAtZoom());
        try {
            $count += $this->queries->unwanted();
        } catch (DatabaseException) {
            // Its tables are not there yet.
        }
        if ($count === 0) {
            return;
        }
        $table = _get_list_table('WP_Plugins_List_Table');
        printf(
            '<tr class="plugin-update-tr active" id="telemed-uninstall-notice"><td colspan="%d" class="plugin-update colspanchange"><div class="notice inline notice-warning notice-alt"><p>%s <a href="%s">%s</a></p></div></td></tr>',
            $table === false ? 3 : (int) $table->get_column_count(),
            esc_html(sprintf(
                /* translators: %d: number of meetings */
                _n(
                    'To deactivate this plugin loses nothing. To delete it ends the visit link of %d meeting to come, which remains at Zoom: cancel it first, or note its number.',
                    'To deactivate this plugin loses nothing. To delete it ends the visit links of %d meetings to come, which remain at Zoom: cancel them first, or note their numbers.',
                    $count,
                    'telemed-zoom'
                ),
                $count
            )),
            esc_url(AdminPages::meetings()),
            esc_html__('The meetings', 'telemed-zoom')
        );
    }

    /** The plugin is being deleted. */
    public function tell(): void
    {
        $rows = $this->upcomingAtZoom();
        if ($rows === []) {
            return;
        }
        $lines = array_map(static fn(MeetingRecord $row): string => sprintf(
            /* translators: 1: date and time, 2: number of a meeting, 3: a Zoom user, 4: name of a doctor */
            __('- %1$s: meeting %2$s, host %3$s (%4$s)', 'telemed-zoom'),
            (string) wp_date(get_option('date_format') . ', ' . get_option('time_format'), $row->start->getTimestamp()),
            $row->meetingNumber(),
            $row->hostEmail ?? $row->hostId ?? '?',
            Doctors::name($row->doctor)
        ), $rows);
        Mail::administrators(
            __('Meetings that remain at Zoom', 'telemed-zoom'),
            __('Telemed for Zoom was deleted from this site. These meetings to come remain at Zoom; their hosts find them there. The visit links on this site have ended.', 'telemed-zoom') . "\n\n" . implode("\n", $lines)
        );
    }

    /** @return list<MeetingRecord> also those that are still in the tables of the version before */
    private function upcomingAtZoom(): array
    {
        $rows = [];
        foreach ([$this->queries, $this->upgrade] as $where) {
            try {
                array_push($rows, ...$where->upcomingAtZoom(self::MOST_LISTED));
            } catch (DatabaseException) {
                continue;
            }
        }
        return $rows;
    }
}
