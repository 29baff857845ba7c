<?php
/**
 * What a visit shall be: when, how long, in which zone, under which topic. The extension checks the rest.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class Visit
{
    public const DEFAULT_MINUTES = 30;
    private const MOST_SECONDS_AHEAD = 10 * YEAR_IN_SECONDS;
    private const RFC3339 = '/^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/';

    /** @param \DateTimeImmutable $start in UTC, to the second */
    private function __construct(
        public readonly \DateTimeImmutable $start,
        public readonly int $minutes,
        public readonly string $timezone,
        public readonly string $topic
    ) {
    }

    /** @throws Problem when it lies in the past, or too far ahead */
    public static function upcoming(\DateTimeInterface $start, int $minutes, string $timezone, string $topic): self
    {
        if ($start->getTimestamp() < Clock::now()) {
            throw new Problem('telemed_start_past', __('the start lies in the past', 'telemed-zoom'), __('Choose a time to come.', 'telemed-zoom'));
        }
        if ($start->getTimestamp() > Clock::now() + self::MOST_SECONDS_AHEAD) {
            throw new Problem('telemed_start_far', __('the start lies more than ten years ahead', 'telemed-zoom'), __('Choose a time before that.', 'telemed-zoom'));
        }
        return self::wanted($start, $minutes, $timezone, $topic);
    }

    /** As it was wanted, whenever that is: what an appointment system has booked stands, also in the past. */
    public static function wanted(\DateTimeInterface $start, int $minutes, string $timezone, string $topic = ''): self
    {
        $start = \DateTimeImmutable::createFromInterface($start)->setTimezone(new \DateTimeZone('UTC'));
        $start = $start->setTime((int) $start->format('H'), (int) $start->format('i'), (int) $start->format('s'));
        $topic = trim($topic);
        return new self($start, $minutes, $timezone, $topic === '' ? self::neutralTopic() : $topic);
    }

    /** @throws Problem */
    public static function instant(string $rfc3339): \DateTimeImmutable
    {
        if (preg_match(self::RFC3339, $rfc3339) === 1) {
            $parts = date_parse($rfc3339);
            if ($parts['error_count'] === 0 && $parts['warning_count'] === 0) {
                return new \DateTimeImmutable($rfc3339);
            }
        }
        throw new Problem(
            'telemed_bad_start',
            __('the start is no date and time of RFC 3339 with its offset', 'telemed-zoom'),
            __('Write it like 2030-01-31T09:30:00Z or 2030-01-31T10:30:00+01:00.', 'telemed-zoom')
        );
    }

    /**
     * What a clock on the wall shows in a zone, as an instant.
     *
     * @throws Problem
     */
    public static function wallTime(string $date, string $time, string $timezone): \DateTimeImmutable
    {
        if (!Doctors::isTimezone($timezone)) {
            throw new Problem(
                'telemed_bad_timezone',
                __('the time zone is not one of the list', 'telemed-zoom'),
                __('Choose a city; an offset such as +05:30 knows no daylight saving time.', 'telemed-zoom')
            );
        }
        $text = $date . ' ' . substr($time, 0, 5);
        $start = \DateTimeImmutable::createFromFormat('!Y-m-d H:i', $text, new \DateTimeZone($timezone));
        $faults = \DateTimeImmutable::getLastErrors();
        if ($start === false || ($faults !== false && $faults['warning_count'] + $faults['error_count'] > 0)) {
            throw new Problem('telemed_bad_start', __('date and time are not readable', 'telemed-zoom'), __('Enter a date and a time.', 'telemed-zoom'));
        }
        return $start;
    }

    /**
     * @param ?string $host      Zoom user id in Server-to-Server mode, else null
     * @param string  $reference see Site::reference()
     * @throws Problem when a value is none that Zoom takes
     */
    public function request(?string $host, string $reference): \Telemed\MeetingRequest
    {
        try {
            return new \Telemed\MeetingRequest($this->topic, $this->start, $this->minutes, $this->timezone, $host, $reference, self::settings());
        } catch (\Telemed\TelemedException $failure) {
            throw new Problem('telemed_invalid_visit', $failure->getMessage(), $failure->advice());
        }
    }

    /** @return array<string, mixed> the clinic's settings of all meetings */
    public static function settings(): array
    {
        /**
         * Filters the settings of all meetings that differ from the private defaults.
         *
         * A switch that Zoom has added since this version was made goes under 'unlisted': ['unlisted' => ['some_new_setting' => false]].
         *
         * @since 0.1.0
         * @api
         *
         * @param array $settings By Zoom's names.
         */
        return (array) apply_filters('telemed_meeting_settings', []);
    }

    /** Says nothing about who meets whom or why. */
    public static function neutralTopic(): string
    {
        /* translators: %s: a random reference */
        return sprintf(__('Video visit %s', 'telemed-zoom'), strtoupper(bin2hex(random_bytes(3))));
    }

    /** @return array<string, int|string> as the extension takes it */
    public function slot(): array
    {
        return [
            'start_utc' => $this->start->format('Y-m-d H:i:s'),
            'minutes' => $this->minutes,
            'timezone' => $this->timezone,
            'topic' => $this->topic,
        ];
    }
}
