<?php
/**
 * What is wanted and what is known of a meeting, and what stands in the way: the upper part of its screen.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class MeetingFacts
{
    public function __construct(
        private readonly AppointmentSources $sources,
        private readonly Overlaps $overlaps,
        private readonly Settings $settings
    ) {
    }

    /** @throws DatabaseException */
    public function print(MeetingRecord $row): void
    {
        $people = $this->sources->find($row->source)?->people($row);
        self::printOverlap($this->overlaps->of([$row])[$row->id] ?? [], $row);
        echo '<table class="form-table telemed-facts" role="presentation">';
        self::fact(__('Doctor', 'telemed-zoom'), esc_html(Doctors::name($row->doctor)));
        self::fact(__('Patient', 'telemed-zoom'), esc_html(trim($people?->patientName . ' ' . $people?->patientEmail) ?: __('not known here', 'telemed-zoom')));
        self::fact(__('Wanted', 'telemed-zoom'), MeetingHtml::moment($row->start) . '<br>' . esc_html(sprintf(
            /* translators: 1: number of minutes, 2: time zone */
            __('%1$d minutes, shown by Zoom in %2$s', 'telemed-zoom'),
            $row->minutes,
            $row->timezone
        )) . '<br><span class="description">' . esc_html($row->topic) . '</span>');
        self::fact(__('State', 'telemed-zoom'), self::state($row));
        self::fact(__('At Zoom', 'telemed-zoom'), esc_html($row->meetingId === null ? __('no meeting is known', 'telemed-zoom') : sprintf(
            /* translators: 1: number of a meeting, 2: a Zoom user */
            __('Meeting %1$s, host %2$s', 'telemed-zoom'),
            $row->meetingNumber(),
            $row->hostEmail ?? $row->hostId ?? '?'
        )));
        if ($row->trackingId !== null) {
            self::fact(__('Tracking ID of Zoom', 'telemed-zoom'), '<code>' . esc_html($row->trackingId) . '</code>');
        }
        if ($row->visitKey !== null && $row->state->isLive()) {
            self::fact(__('Invitation', 'telemed-zoom'), MeetingHtml::invitation($row, $this->settings->mailsZoomsLink()));
        }
        echo '</table>';
    }

    /** @param list<int> $others rows */
    private static function printOverlap(array $others, MeetingRecord $row): void
    {
        if ($others === [] || !$row->state->isLive() || $row->isOver()) {
            return;
        }
        $links = implode(', ', array_map(static fn(int $id): string => sprintf('<a href="%s">%d</a>', esc_url(AdminPages::meeting($id)), $id), $others));
        Notice::print('warning', esc_html__('This visit overlaps with others of the same host. Zoom runs one meeting of a host at a time:', 'telemed-zoom') . ' ' . $links, 'telemed-overlap');
    }

    private static function state(MeetingRecord $row): string
    {
        $html = sprintf('<span class="telemed-state telemed-state-%s" id="telemed-state">%s</span>', esc_attr($row->state->value), esc_html($row->state->label()));
        if ($row->lastError !== null && $row->lastError !== '') {
            $html .= '<p class="telemed-error">' . esc_html($row->lastError) . '</p>';
        }
        return $html . MeetingHtml::nextTry($row);
    }

    private static function fact(string $label, string $html): void
    {
        printf('<tr><th scope="row">%s</th><td>%s</td></tr>', esc_html($label), $html); // phpcs:ignore WordPress.Security.EscapeOutput -- escaped by the caller
    }
}
