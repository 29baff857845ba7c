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

    /** @param array<string, mixed> $row of meetings */
    public static function fromRow(array $row): self
    {
        $text = static fn(string $column): ?string => $row[$column] === null ? null : (string) $row[$column];
        $maker = [
            'mode' => (string) $row['mode'], 'app' => (string) $row['app'], 'account' => $text('account'),
            'subject' => $text('subject'), 'host' => (string) $row['host'],
        ];
        return new self($maker, $text('host_email'), (int) $row['is_needed'] === 1);
    }

    /** Who hosts now, whether or not a visit knows of it. */
    public static function present(Credentials $credentials): self
    {
        return new self($credentials->maker->columns(), $credentials->hostEmail, false);
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
