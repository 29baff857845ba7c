<?php
/**
 * What the list of meetings and a meeting's own screen share: pieces of HTML, and the actions of their buttons.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Mail\VisitMailText;
use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class MeetingHtml
{
    public const ACTION_TRY = 'telemed_try_meeting';
    public const ACTION_RECREATE = 'telemed_recreate_meeting';
    public const ACTION_CANCEL = 'telemed_cancel_meeting';

    /** What is copied and sent by other ways; escaped. */
    public static function invitation(MeetingRecord $row, bool $zoomsLink): string
    {
        $id = 'telemed-invitation-' . $row->id;
        return sprintf(
            '<details class="telemed-invitation"><summary>%1$s</summary><textarea readonly rows="9" class="large-text" id="%2$s" aria-label="%5$s">%3$s</textarea><button type="button" class="button button-small telemed-copy" data-telemed-copy="%2$s" hidden>%4$s</button></details>',
            esc_html__('Copy invitation', 'telemed-zoom'),
            esc_attr($id),
            esc_textarea(VisitMailText::invitation($row, Doctors::name($row->doctor), $zoomsLink)),
            esc_html__('Copy', 'telemed-zoom'),
            esc_attr__('Invitation', 'telemed-zoom')
        );
    }

    /** Escaped. */
    public static function nextTry(MeetingRecord $row): string
    {
        if (!$row->state->isOpen() || $row->isOver()) {
            return '';
        }
        $isWaiting = $row->nextTryAt !== null && $row->nextTryAt->getTimestamp() > Clock::now();
        return '<p class="description telemed-next-try">' . ($isWaiting
            /* translators: %s: date and time */
            ? sprintf(esc_html__('Next try: %s', 'telemed-zoom'), self::moment($row->nextTryAt, 'H:i:s'))
            : esc_html__('Next try: with the next run, within a minute', 'telemed-zoom')) . '</p>';
    }

    /** In the site's zone; escaped. */
    public static function moment(\DateTimeImmutable $moment, ?string $timeFormat = null): string
    {
        return sprintf(
            '<time datetime="%s">%s</time>',
            esc_attr($moment->format('Y-m-d\TH:i:s\Z')),
            esc_html((string) wp_date(get_option('date_format') . ', ' . ($timeFormat ?? get_option('time_format')), $moment->getTimestamp(), wp_timezone()))
        );
    }
}
