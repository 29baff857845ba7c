<?php
/**
 * The events of a meeting's log in words.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Mail\MailClaims;
use TelemedZoom\Mail\VisitMailer;

defined('ABSPATH') || exit;

final class LogText
{
    public static function of(string $event, ?string $note): string
    {
        $text = match ($event) {
            'booked' => __('Booked', 'telemed-zoom'),
            'moved' => __('Changed', 'telemed-zoom'),
            'reassigned' => __('Given to another doctor', 'telemed-zoom'),
            'renewed' => __('A new meeting was asked for', 'telemed-zoom'),
            'cancelled' => __('Cancelled', 'telemed-zoom'),
            'taken_back' => __('The cancellation was taken back', 'telemed-zoom'),
            'attempting' => __('Zoom was asked to make the meeting', 'telemed-zoom'),
            'moving' => __('Is to be moved to the Zoom app that is in use now', 'telemed-zoom'),
            'move_attempting' => __('Zoom was asked to make the meeting that takes its place', 'telemed-zoom'),
            'moved_over' => __('Made anew with the Zoom app that is in use now', 'telemed-zoom'),
            'move_stopped' => __('Stays with the Zoom app that made it', 'telemed-zoom'),
            'made' => __('Made at Zoom', 'telemed-zoom'),
            'changed_at_zoom' => __('Changed at Zoom', 'telemed-zoom'),
            'failed' => __('A try failed', 'telemed-zoom'),
            'postponed' => __('Put off: the host\'s meetings of the day are used up', 'telemed-zoom'),
            'uncertain' => __('Uncertain: a person must look', 'telemed-zoom'),
            'missed' => __('The visit is over and had no meeting', 'telemed-zoom'),
            'started' => __('Start: a start link was given', 'telemed-zoom'),
            'deleted' => __('Deleted at Zoom', 'telemed-zoom'),
            'already_gone' => __('Was gone at Zoom already', 'telemed-zoom'),
            'left_at_zoom' => __('The grant has ended: this meeting remains at Zoom', 'telemed-zoom'),
            'taken' => __('A person named the meeting in Zoom', 'telemed-zoom'),
            'none_made' => __('An attempt without an answer had made no meeting', 'telemed-zoom'),
            'not_found_out' => __('It was never found out whether an attempt without an answer had made a meeting', 'telemed-zoom'),
            'lost_at_zoom' => __('Zoom has lost the meeting: made anew', 'telemed-zoom'),
            'link_changed' => __('Its join link or passcode was changed in Zoom: the new one is used', 'telemed-zoom'),
            'drifted' => __('Was changed in Zoom: put back', 'telemed-zoom'),
            'settings_restored' => __('Settings were put back at Zoom', 'telemed-zoom'),
            'orphan_deleted' => __('A meeting that no visit needs was deleted at Zoom', 'telemed-zoom'),
            MailClaims::NEWS, MailClaims::TROUBLE => __('A mail is on its way', 'telemed-zoom'),
            MailClaims::MAILED => __('Told by mail', 'telemed-zoom'),
            MailClaims::WAITS => __('A mail waits: too many went to one address, or about this doctor\'s visits, within an hour', 'telemed-zoom'),
            MailClaims::GIVEN_UP => __('A mail was refused so often that it is not tried any more', 'telemed-zoom'),
            MailClaims::TOLD_BY_SOURCE => __('The appointment system tells of it', 'telemed-zoom'),
            VisitMailer::LOG_FAILED => __('A mail could not be sent', 'telemed-zoom'),
            // Another plugin's, or a later version's.
            default => $event,
        };
        if ($note === null || $note === '') {
            return $text;
        }
        // The log itself names nobody.
        $named = preg_replace_callback('/\bdoctor (\d+)$/', static fn(array $found): string => Doctors::name((int) $found[1]), $note);
        return "$text ($named)";
    }
}
