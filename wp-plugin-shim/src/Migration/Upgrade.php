<?php
/**
 * Brings a site's tables to those of this version: on activation, and after an update when an administrator opens wp-admin, by cron or
 * by WP-CLI. Never in a request of a host's: DDL commits. What version 0.1.0 has left is moved in portions meanwhile, and not touched
 * where that cannot be done yet, as without the extension; its visits are read where they are.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;
use Telemed\Visit;

defined('ABSPATH') || exit;

final class Upgrade
{
    private const LOCK = 'upgrade';
    /** The server's error for a column that is not there. */
    private const NO_COLUMN = 1054;
    /** While somebody waits for a page of wp-admin. */
    private const PAGE_SECONDS = 3.0;
    /** For what has to see every visit. */
    private const DEMAND_SECONDS = 20.0;

    public function __construct(
        private readonly Schema $schema,
        private readonly OldTables $old,
        private readonly FromSchema5 $migration,
        private readonly OldApps $apps,
        private readonly Database $database,
        private readonly Extension $extension,
        private readonly EncryptionKey $key
    ) {
    }

    public function register(): void
    {
        add_action('admin_init', [$this, 'goOnForAdministrator'], 5);
        add_filter('wpmu_drop_tables', fn(array $tables): array => [...$tables, ...$this->schema->all(), ...$this->old->all()]);
    }

    public function goOnForAdministrator(): void
    {
        if (Capabilities::isAdmin() && !wp_doing_ajax()) {
            $this->goOn(self::PAGE_SECONDS);
        }
    }

    /** Makes the tables of the current blog, or begins to move what is in those of the version before. */
    public function install(): void
    {
        if (!$this->old->areThere()) {
            if ($this->schema->create()) {
                $this->schema->note(isMoving: false);
            }
            return;
        }
        try {
            if ($this->canMove() && $this->migration->begin()) {
                $this->schema->note(isMoving: true);
            }
        } catch (DatabaseException) {
            // Until it lets them be renamed and others be made they are read where they are, and it is tried again.
            return;
        }
    }

    /**
     * Does what is left to be done, as far as the time allows.
     *
     * @return bool false: it cannot be done yet, or more is left
     */
    public function goOn(float $seconds): bool
    {
        if (self::isDone()) {
            return true;
        }
        try {
            if (!$this->database->lock(self::LOCK, 0.0)) {
                return false;
            }
            try {
                if (!Schema::isMoving()) {
                    $this->install();
                }
                return !Schema::isMoving() ? Schema::isCurrent() : $this->move($seconds);
            } finally {
                $this->database->unlock(self::LOCK);
            }
        } catch (DatabaseException | Problem) {
            // Nothing is lost: it is tried again.
            return false;
        }
    }

    /**
     * The same for what has to see every visit, which may take a while.
     *
     * @throws DatabaseException when there are visits that cannot be found yet
     */
    public function demand(): void
    {
        if (!$this->goOn(self::DEMAND_SECONDS)) {
            throw new DatabaseException('visits of the version before are still to be moved');
        }
    }

    /**
     * How many visits are still in the tables of the version before; null: all is done.
     *
     * @throws DatabaseException
     */
    public function left(): ?int
    {
        if (self::isDone()) {
            return null;
        }
        return (int) ($this->database->row("SELECT COUNT(*) AS n FROM {$this->meetings()}")['n'] ?? 0);
    }

    /**
     * Visits to come that are still in the tables of the version before and have a meeting at Zoom.
     *
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function upcomingAtZoom(int $limit): array
    {
        if (self::isDone()) {
            return [];
        }
        $sql = "SELECT * FROM {$this->meetings()} WHERE end_utc >= ? AND state IN ('made', 'changing', 'moving') ORDER BY end_utc, id LIMIT ?";
        return array_map(self::record(...), $this->database->rows($sql, [Clock::sql(), $limit]));
    }

    /**
     * A visit that somebody looks for. What is still in the tables of the version before is brought along; where that cannot be done, it
     * is given as it is there.
     *
     * @param string           $where  a condition on the old table, with ? for each value: never with outside text in it
     * @param list<int|string> $values
     * @return ?MeetingRecord null: it is not to be looked for there, or not any more
     * @throws DatabaseException
     */
    public function find(string $where, #[\SensitiveParameter] array $values): ?MeetingRecord
    {
        if (self::isDone()) {
            return null;
        }
        if (Schema::isMoving() && $this->canMove()) {
            $this->migration->bring($where, $values);
        }
        try {
            // Only the old table has this column: a request that began before it was renamed may still take the new one for it.
            $row = $this->database->row("SELECT *, visit_key AS visit_key FROM {$this->meetings()} WHERE $where", $values);
        } catch (DatabaseException $failure) {
            if (!in_array($failure->getCode(), [Database::NO_TABLE, self::NO_COLUMN], true)) {
                throw $failure;
            }
            // Another process has just renamed it, or moved the last visit.
            $row = null;
        }
        return $row === null ? null : self::record($row);
    }

    /**
     * The same for whoever writes: what is still in the old tables must not be written beside.
     *
     * @param list<int|string> $values
     * @throws DatabaseException when it cannot be brought along
     */
    public function bring(string $where, #[\SensitiveParameter] array $values): void
    {
        if (Schema::isMoving() && $this->find($where, $values) !== null) {
            throw new DatabaseException('the visit is still where the version before has kept it');
        }
    }

    /** @param array<string, mixed> $row of the old table, which had another word for one state */
    private static function record(#[\SensitiveParameter] array $row): MeetingRecord
    {
        return MeetingRecord::fromRow(($row['state'] === 'changing' ? ['state' => MeetingState::Updating->value] : []) + $row);
    }

    /** The plugin is uninstalled from the current blog. */
    public function drop(): void
    {
        $this->schema->drop();
        $this->old->drop();
    }

    /** @throws DatabaseException */
    private function move(float $seconds): bool
    {
        if (!$this->canMove()) {
            return false;
        }
        $this->apps->bring();
        $isMoved = !$this->migration->isUnderWay() || $this->migration->run($seconds)['isDone'];
        if (!$this->migration->isUnderWay()) {
            $this->schema->note(isMoving: false);
        }
        return $isMoved;
    }

    /** What a row of version 0.1.0 means the extension says, and its links are sealed. */
    private function canMove(): bool
    {
        // An extension of before is there and knows of no visits.
        return $this->extension->isUsable() && class_exists(Visit::class, false) && $this->key->source() !== EncryptionKey::NONE;
    }

    private function meetings(): string
    {
        return Schema::isMoving() ? $this->old->meetings() : $this->old->formerMeetings();
    }

    private static function isDone(): bool
    {
        return Schema::isCurrent() && !Schema::isMoving();
    }
}
