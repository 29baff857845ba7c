<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Records;
use Telemed\Tests\Site;

/**
 * What people were mailed of their visits: the mails that really left the site, with their entries for calendars, and those of
 * the appointment system.
 *
 * A notice: at (Unix seconds), off (the visit does not take place), sequence (of the entry for calendars, null without one),
 * start (UTC), minutes, links.
 */
final class Mailbox
{
    /** @var array<string, array<string, list<array<string, mixed>>>> by UID of the visit and address */
    private array $notices = array();
    /** @var array<string, true> by file */
    private array $read = array();

    public function __construct(private readonly Site $site, private readonly AppointmentSystem $system)
    {
    }

    /**
     * All notices by now, the last sent last.
     *
     * @return array<string, array<string, non-empty-list<array<string, mixed>>>> by appointment and address
     */
    public function notices(): array
    {
        foreach ($this->site->mailsBut($this->read) as $file => $mail) {
            $this->read[$file] = true;
            foreach ($mail['attachments'] as $attachment) {
                [$uid, $notice] = self::notice((float) $file, $mail['message'], $attachment['content']);
                $this->notices[$uid][$mail['to']][] = $notice;
            }
        }
        $database = $this->site->database();
        $all = $this->system->mails($database);
        $visits = array_column(Records::over($database)->visits->all(), 'appointment', 'id');
        $database->close();
        foreach ($this->notices as $uid => $byAddress) {
            // telemed-SITE-ROW
            $row = substr((string) strrchr($uid, '-'), 1);
            foreach ($byAddress as $address => $notices) {
                $visit = $visits[$row] ?? "of {$uid}";
                $all[$visit][$address] = array_merge($all[$visit][$address] ?? array(), $notices);
            }
        }
        foreach ($all as &$byAddress) {
            foreach ($byAddress as &$notices) {
                usort($notices, static fn (array $one, array $other): int => $one['at'] <=> $other['at']);
            }
        }
        return $all;
    }

    /** @return array{string, array<string, mixed>} UID and notice */
    private static function notice(float $at, string $message, string $calendar): array
    {
        $value = static fn (string $name): string => preg_match("/^{$name}:(.*)\$/m", str_replace(array("\r\n ", "\r"), '', $calendar), $found) === 1 ? $found[1] : '';
        preg_match_all('~https?://\S+(?:/j/|[?&]telemed_visit=)\S+~', $message, $links);
        return array($value('UID'), array(
            'at' => $at,
            'off' => 'CANCEL' === $value('METHOD'),
            'sequence' => (int) $value('SEQUENCE'),
            'start' => gmdate('Y-m-d H:i:s', (int) strtotime($value('DTSTART'))),
            'minutes' => intdiv((int) strtotime($value('DTEND')) - (int) strtotime($value('DTSTART')), 60),
            'links' => array_unique(array_merge($links[0], array_filter(array($value('URL'))))),
        ));
    }
}
