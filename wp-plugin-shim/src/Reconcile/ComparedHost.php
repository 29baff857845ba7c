<?php
/**
 * A host at Zoom together with the credentials that made meetings there, or may have: one list to compare.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class ComparedHost
{
    /**
     * @param array{mode: string, app: string, account: ?string, subject: ?string, host: string} $maker as the extension names it
     * @param bool $isNeeded whether any meeting that was made there is still of concern
     */
    private function __construct(
        public readonly array $maker,
        private readonly ?string $email,
        public readonly bool $isNeeded
    ) {
    }

    /** @param array<string, mixed> $row */
    public static function fromRow(array $row): self
    {
        return new self(self::maker($row), $row['host_email'] === null ? null : (string) $row['host_email'], (int) $row['is_needed'] === 1);
    }

    /** Who hosts now, whether or not a visit knows of it. */
    public static function present(Credentials $credentials): self
    {
        return new self($credentials->maker->columns(), $credentials->hostEmail, false);
    }

    /**
     * @param array<string, mixed> $row of meetings
     * @return array{mode: string, app: string, account: ?string, subject: ?string, host: string}
     */
    public static function maker(array $row): array
    {
        $text = static fn(string $column): ?string => $row[$column] === null ? null : (string) $row[$column];
        return [
            'mode' => (string) $row['mode'], 'app' => (string) $row['app'], 'account' => $text('account'),
            'subject' => $text('subject'), 'host' => (string) $row['host'],
        ];
    }

    /**
     * Exactly what made the meetings there.
     *
     * @throws Problem when that is gone
     * @throws \Telemed\TelemedException
     */
    public function credentials(ZoomApps $apps): Credentials
    {
        return $apps->thatMade($this->maker, $this->email);
    }

    /**
     * Whether both reach the same meetings. The account may be known of the one only.
     *
     * @param array{mode: string, app: string, account: ?string, subject: ?string, host: string} $maker
     */
    public function isMadeBy(array $maker): bool
    {
        $names = ['mode' => 0, 'app' => 0, 'subject' => 0, 'host' => 0];
        return array_replace($names, array_intersect_key($maker, $names)) === array_replace($names, array_intersect_key($this->maker, $names));
    }

    public function name(): string
    {
        return $this->email ?? $this->maker['host'];
    }

    /** Equal for what reaches the same list. */
    public function key(): string
    {
        return "{$this->maker['app']}|{$this->maker['subject']}|{$this->maker['host']}";
    }
}
