<?php
/**
 * Who or what lets go of meetings, since when, and what was answered. What it means for a visit is the extension's decision.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class Handover
{
    /** What tells one from the others. */
    private const NAMES = ['kind', 'app', 'subject', 'host', 'doctor'];

    /** @param array<string, mixed> $row */
    private function __construct(public readonly LetsGo $letsGo, private readonly array $row)
    {
    }

    /** @param array<string, mixed> $row of the table */
    public static function fromRow(array $row): self
    {
        return new self(LetsGo::from((string) $row['kind']), $row);
    }

    public static function ofApp(string $app): self
    {
        return self::of(LetsGo::App, ['app' => $app]);
    }

    /** @param string $host Zoom user id; '': the one in force, as long as it is not carried out what was answered */
    public static function ofZoomUser(string $subject, string $host = ''): self
    {
        return self::of(LetsGo::ZoomUser, ['subject' => $subject, 'host' => $host]);
    }

    public static function ofDisconnected(string $subject, int $doctor): self
    {
        return self::of(LetsGo::Disconnected, ['subject' => $subject, 'doctor' => $doctor]);
    }

    public static function ofLeft(int $doctor): self
    {
        return self::of(LetsGo::Left, ['doctor' => $doctor]);
    }

    public function app(): string
    {
        return (string) $this->row['app'];
    }

    public function subject(): string
    {
        return (string) $this->row['subject'];
    }

    public function host(): string
    {
        return (string) $this->row['host'];
    }

    public function doctor(): int
    {
        return (int) $this->row['doctor'];
    }

    /** Whether it stands in the table. */
    public function isNoted(): bool
    {
        return isset($this->row['id']);
    }

    /** Unix seconds. */
    public function since(): int
    {
        return (int) strtotime("{$this->row['since']} UTC");
    }

    public function answer(): ?Answer
    {
        return Answer::tryFrom((string) $this->row['answer']);
    }

    /** With Answer::Doctor: who holds the visits. */
    public function heir(): ?int
    {
        return $this->row['heir'] === null ? null : (int) $this->row['heir'];
    }

    /** Who has answered; 0: nobody who was logged in. */
    public function answeredBy(): int
    {
        return (int) $this->row['answered_by'];
    }

    public function answered(Answer $answer, ?int $heir, int $by): self
    {
        return new self($this->letsGo, ['answer' => $answer->value, 'heir' => $heir, 'answered_by' => $by] + $this->row);
    }

    /** The same of another Zoom user of the same subject. */
    public function ofHost(string $host): self
    {
        return new self($this->letsGo, ['host' => $host] + $this->row);
    }

    public function isSince(int $moment): self
    {
        return new self($this->letsGo, ['since' => gmdate('Y-m-d H:i:s', $moment)] + $this->row);
    }

    /** @return non-empty-array<string, int|string> columns that are of no other */
    public function names(): array
    {
        return array_intersect_key($this->row, array_flip(self::NAMES));
    }

    /** @return array<string, int|string|null> all columns */
    public function row(): array
    {
        return $this->row;
    }

    /** @return array<string, int|string|null> as \Telemed\Handover and \Telemed\Visit::next() take it */
    public function facts(): array
    {
        return ['lets_go' => $this->letsGo->value, 'to_doctor' => $this->row['heir']]
            + array_intersect_key($this->row, array_flip(['app', 'subject', 'host', 'doctor', 'since', 'answer']));
    }

    /** @param array<string, int|string> $of */
    private static function of(LetsGo $letsGo, array $of): self
    {
        return new self($letsGo, ['kind' => $letsGo->value] + $of + [
            'app' => '', 'subject' => '', 'host' => '', 'doctor' => 0, 'since' => Clock::sql(), 'answer' => null, 'heir' => null, 'answered_by' => null,
        ]);
    }
}
