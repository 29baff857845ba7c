<?php
/**
 * A visit as an iCalendar message (RFC 5545, RFC 5546): one event that calendars add, move and remove by its UID and sequence.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\PluginFile;

defined('ABSPATH') || exit;

final class Calendar
{
    public const REQUEST = 'REQUEST';
    public const CANCEL = 'CANCEL';
    /** RFC 5545, 3.1: in octets, without the line break. */
    private const LINE_OCTETS = 75;

    /**
     * @param self::REQUEST|self::CANCEL $method
     * @param string $site      the site's id: with the row's number it makes the UID, the same through every change
     * @param string $organizer e-mail that the message comes from
     * @param string $clinic    its name
     * @param string $attendee  e-mail of the one recipient; nobody learns of another's
     * @param string $summary   neutral: calendars are shared
     * @param string $link      '' for none
     */
    public static function message(
        string $method,
        MeetingRecord $row,
        string $site,
        string $organizer,
        string $clinic,
        string $attendee,
        string $summary,
        string $link
    ): string {
        $isOff = $method === self::CANCEL;
        $lines = [
            'BEGIN:VCALENDAR',
            'VERSION:2.0',
            'PRODID:-//Telemed for Zoom//' . PluginFile::VERSION . '//EN',
            'CALSCALE:GREGORIAN',
            'METHOD:' . $method,
            'BEGIN:VEVENT',
            'UID:' . self::text(self::uid($site, $row)),
            'SEQUENCE:' . $row->sequence,
            'DTSTAMP:' . self::instant(new \DateTimeImmutable('@' . Clock::now())),
            'DTSTART:' . self::instant($row->start),
            'DTEND:' . self::instant($row->end()),
            'SUMMARY:' . self::text($summary),
            'ORGANIZER;CN=' . self::parameter($clinic) . ':mailto:' . self::address($organizer),
            'ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:' . self::address($attendee),
            'STATUS:' . ($isOff ? 'CANCELLED' : 'CONFIRMED'),
            'CLASS:PRIVATE',
        ];
        if (!$isOff && $link !== '') {
            array_push($lines, 'LOCATION:' . self::text($link), 'URL:' . self::line($link));
        }
        array_push($lines, 'END:VEVENT', 'END:VCALENDAR');
        return implode('', array_map(static fn(string $line): string => self::fold($line) . "\r\n", $lines));
    }

    public static function uid(string $site, MeetingRecord $row): string
    {
        return 'telemed-' . $site . '-' . $row->id;
    }

    private static function instant(\DateTimeImmutable $moment): string
    {
        return $moment->setTimezone(new \DateTimeZone('UTC'))->format('Ymd\THis\Z');
    }

    private static function text(string $text): string
    {
        $escaped = str_replace(['\\', ';', ','], ['\\\\', '\\;', '\\,'], $text);
        return self::line((string) preg_replace('/\r\n|\r|\n/', '\\n', $escaped));
    }

    /** A quoted parameter can hold neither quotes nor control characters. */
    private static function parameter(string $text): string
    {
        return '"' . str_replace('"', "'", self::line($text)) . '"';
    }

    private static function address(string $email): string
    {
        return self::line(str_replace(' ', '', $email));
    }

    /** What would begin another line is left out. */
    private static function line(string $text): string
    {
        return (string) preg_replace('/[\x00-\x1f\x7f]+/', '', $text);
    }

    /** Never within a character: some calendars show both halves as rubbish. */
    private static function fold(string $line): string
    {
        $folded = '';
        $room = self::LINE_OCTETS;
        foreach (mb_str_split($line, 1, 'UTF-8') as $character) {
            if (strlen($character) > $room) {
                $folded .= "\r\n ";
                $room = self::LINE_OCTETS - 1;
            }
            $folded .= $character;
            $room -= strlen($character);
        }
        return $folded;
    }
}
