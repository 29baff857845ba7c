<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress\Support;

/** Calls what no two lives have alike, Zoom's numbers and links among it, by names of its own, in the order of their appearance. */
final class ReplayNames
{
    /** What the extension says of a connection that broke has the network's own words in it. */
    private const WORDS = array('message', 'advice');

    /** Columns of which the extension knows nothing, and numbers of rows. */
    private const OWN = array('id', 'visit', 'patient', 'patient_email', 'link_hash', 'link_key', 'created_at', 'note', 'changed_at', 'is_held_back', 'tracking_id');

    /** @var array<string, string> */
    private array $numbers = array();

    /**
     * @param array<string, mixed> $request
     * @return array<string, mixed>
     */
    public function request(array $request): array
    {
        return array('method' => $request['method'], 'path' => $this->named($request['path']), 'status' => $request['status']);
    }

    /**
     * @param array<string, mixed> $visit
     * @return array<string, mixed>
     */
    public function visit(array $visit): array
    {
        return array(
            'visit' => self::row($visit['visit']),
            'meetings' => array_map($this->meeting(...), $visit['meetings']),
            'notices' => array_map($this->notice(...), $visit['notices']),
            'log' => $visit['log'],
        );
    }

    /**
     * @param ?array<string, mixed> $notice
     * @return ?array<string, ?string>
     */
    public function notice(?array $notice): ?array
    {
        return null === $notice ? null : self::row($notice);
    }

    /**
     * @param array<string, mixed> $counters
     * @return array<string, mixed>
     */
    public static function counters(array $counters): array
    {
        sort($counters['blocked']);
        sort($counters['writes']);
        return $counters;
    }

    /**
     * What fake-zoom has.
     *
     * @param list<array<string, mixed>> $meetings
     * @return list<list<mixed>>
     */
    public static function meetings(array $meetings): array
    {
        $named = array_map(static fn (array $one): array => array(
            $one['agenda'],
            $one['host_id'],
            $one['topic'],
            gmdate('Y-m-d H:i:s', (int) strtotime($one['start_time'])),
            $one['duration'],
        ), $meetings);
        sort($named);
        return $named;
    }

    /**
     * @param array<string, mixed> $meeting
     * @return array<string, ?string>
     */
    private function meeting(array $meeting): array
    {
        $row = self::row($meeting);
        foreach (array('uuid', 'passcode') as $column) {
            $row[$column] = null === $row[$column] ? null : 'some';
        }
        if (null !== $row['join_url']) {
            $row['join_url'] = str_contains($row['join_url'], '/j/' . $row['number']) ? 'its link' : 'another link';
        }
        if (null !== $row['number']) {
            $row['number'] = $this->named($row['number']);
        }
        if (null !== $row['problem']) {
            $problem = json_decode($row['problem'], true, 16, JSON_THROW_ON_ERROR);
            if ('connection_broke' === $problem['id']) {
                $problem['parameters'] = array_diff_key($problem['parameters'], array_flip(self::WORDS));
            }
            $row['problem'] = $this->named((string) json_encode($problem));
        }
        return $row;
    }

    /**
     * @param array<string, mixed> $row
     * @return array<string, ?string>
     */
    private static function row(array $row): array
    {
        $row = array_diff_key($row, array_flip(self::OWN));
        ksort($row);
        return array_map(static fn (mixed $value): ?string => null === $value ? null : (string) preg_replace('/"link":"[0-9a-f]+"/', '"link":"some"', (string) $value), $row);
    }

    private function named(string $text): string
    {
        return (string) preg_replace_callback('/\b\d{11}\b/', fn (array $found): string => $this->numbers[$found[0]] ??= 'meeting ' . count($this->numbers), $text);
    }
}
