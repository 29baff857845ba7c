<?php
/**
 * The events of a visit's log in words.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Mail\VisitMailer;
use TelemedZoom\Run\NoticeSender;

defined('ABSPATH') || exit;

final class LogText
{
    public static function of(string $event, ?string $note): string
    {
        $text = self::ofVisit($event) ?? self::ofMails($event) ?? self::ofVersion1($event) ?? $event;
        if ($note === null || $note === '') {
            return $text;
        }
        // The log itself names nobody.
        $named = preg_replace_callback('/\bdoctor (\d+)$/', static fn(array $found): string => Doctors::name((int) $found[1]), $note);
        return "$text ($named)";
    }

    /** What the extension's second core calls events, and what the plugin adds. */
    private static function ofVisit(string $event): ?string
    {
        return match ($event) {
            'booked' => __('Booked', 'telemed-zoom'),
            'rescheduled' => __('Changed', 'telemed-zoom'),
            'reassigned' => __('Given to another doctor', 'telemed-zoom'),
            'recreated' => __('A new meeting was asked for', 'telemed-zoom'),
            'cancelled' => __('Cancelled', 'telemed-zoom'),
            'confirmed' => __('Stands in the appointment system', 'telemed-zoom'),
            'corrected' => __('Brought to what stands in the appointment system', 'telemed-zoom'),
            'attempting' => __('Zoom was asked to make the meeting', 'telemed-zoom'),
            'made' => __('Made at Zoom', 'telemed-zoom'),
            'updated' => __('Changed at Zoom', 'telemed-zoom'),
            'replaced' => __('Made anew: it takes the place of the meeting before', 'telemed-zoom'),
            'taken_back' => __('Was to go, and was taken back', 'telemed-zoom'),
            'adopted' => __('The meeting that was sought was found in Zoom', 'telemed-zoom'),
            'brought_along' => __('The meeting that another plugin made is used', 'telemed-zoom'),
            'link_changed' => __('Its join link or passcode was changed in Zoom: the new one is used', 'telemed-zoom'),
            'lost_at_zoom' => __('Zoom has lost the meeting: made anew', 'telemed-zoom'),
            'drifted' => __('Was changed in Zoom: put back', 'telemed-zoom'),
            'restored' => __('Settings were put back at Zoom', 'telemed-zoom'),
            'deleted' => __('Deleted at Zoom', 'telemed-zoom'),
            'already_gone' => __('Was gone at Zoom already', 'telemed-zoom'),
            'left_at_zoom' => __('The grant has ended: this meeting remains at Zoom', 'telemed-zoom'),
            'none_made' => __('An attempt without an answer had made no meeting', 'telemed-zoom'),
            'not_found_out' => __('It was never found out whether an attempt without an answer had made a meeting', 'telemed-zoom'),
            'put_off' => __('Put off', 'telemed-zoom'),
            'failed' => __('A try failed', 'telemed-zoom'),
            'uncertain' => __('Uncertain: a person must look', 'telemed-zoom'),
            'resolved' => __('A person has looked in Zoom', 'telemed-zoom'),
            'missed' => __('The visit is over and had no meeting', 'telemed-zoom'),
            'handed_over' => __('Whoever held it has let go of it', 'telemed-zoom'),
            'copied' => __('This site is a copy: the other site\'s meeting is left alone', 'telemed-zoom'),
            'back_from_backup' => __('The database has come back from a backup', 'telemed-zoom'),
            'started' => __('Start: a start link was given', 'telemed-zoom'),
            'taken' => __('A person named the meeting in Zoom', 'telemed-zoom'),
            'orphan_deleted' => __('A meeting that no visit needs was deleted at Zoom', 'telemed-zoom'),
            default => null,
        };
    }

    private static function ofMails(string $event): ?string
    {
        return match ($event) {
            NoticeSender::LOG_MAILED => __('Told by mail', 'telemed-zoom'),
            NoticeSender::LOG_WAITS => __('A mail waits: too many went to one address, or about this doctor\'s visits, within an hour', 'telemed-zoom'),
            VisitMailer::LOG_FAILED => __('A mail could not be sent', 'telemed-zoom'),
            default => null,
        };
    }

    /** What version 0.1.0 has written. */
    private static function ofVersion1(string $event): ?string
    {
        return match ($event) {
            'moved' => __('Changed', 'telemed-zoom'),
            'renewed' => __('A new meeting was asked for', 'telemed-zoom'),
            'moving' => __('Is to be moved to the Zoom app that is in use now', 'telemed-zoom'),
            'move_attempting' => __('Zoom was asked to make the meeting that takes its place', 'telemed-zoom'),
            'moved_over' => __('Made anew with the Zoom app that is in use now', 'telemed-zoom'),
            'move_stopped' => __('Stays with the Zoom app that made it', 'telemed-zoom'),
            'changed_at_zoom' => __('Changed at Zoom', 'telemed-zoom'),
            'postponed' => __('Put off: the host\'s meetings of the day are used up', 'telemed-zoom'),
            'settings_restored' => __('Settings were put back at Zoom', 'telemed-zoom'),
            'mailing', 'warning' => __('A mail is on its way', 'telemed-zoom'),
            'mail_given_up' => __('A mail was refused so often that it is not tried any more', 'telemed-zoom'),
            'told_by_source' => __('The appointment system tells of it', 'telemed-zoom'),
            // Another plugin's, or a later version's.
            default => null,
        };
    }
}
