<?php
/**
 * Knows an outage of Zoom when there is one, over all processes of the site. One answer that is lost says nothing about the next;
 * several in a row are an outage, which ends with the first answer. Who may try Zoom meanwhile is the extension's decision.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use Telemed\Step;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class Outages
{
    /** Its moment is when Zoom was last tried. The names of the others begin with it, too. */
    public const OUTAGE = 'breaker';
    private const LOST = 'breaker_lost_';

    public function __construct(private readonly Database $database, private readonly VisitTables $tables)
    {
    }

    /**
     * When Zoom was last tried in the outage that there is, UTC; null where there is none.
     *
     * @throws DatabaseException
     */
    public function triedAt(): ?string
    {
        return $this->database->row('SELECT at FROM ' . $this->tables->signals() . ' WHERE name = ?', [self::OUTAGE])['at'] ?? null;
    }

    /**
     * Takes the turn to try Zoom; part of the transaction under way.
     *
     * @param string $since when it was last tried, as triedAt() said
     * @return bool false: somebody else has tried since then, or the outage is over
     * @throws DatabaseException
     */
    public function takeTurn(string $since, string $now): bool
    {
        return $this->database->execute(
            'UPDATE ' . $this->tables->signals() . ' SET at = ? WHERE name = ? AND at = ?',
            [$now, self::OUTAGE, $since]
        ) === 1;
    }

    /**
     * Zoom could not be reached, or its answer was lost.
     *
     * @throws DatabaseException
     */
    public function lost(string $now): void
    {
        $most = Step::mostLost();
        // In an outage its row alone: whoever ends it takes that one first, too.
        for ($number = 1; $this->triedAt() === null && $number <= $most; $number++) {
            if ($this->setFirst(self::LOST . $number, $now) && $number < $most) {
                return;
            }
        }
        $this->database->execute(
            'INSERT INTO ' . $this->tables->signals() . ' (name, at) VALUES (?, ?) ON DUPLICATE KEY UPDATE at = VALUES(at)',
            [self::OUTAGE, $now]
        );
    }

    /**
     * Zoom has answered, whatever it said.
     *
     * @throws DatabaseException
     */
    public function answered(string $now): void
    {
        $range = ' FROM ' . $this->tables->signals() . ' WHERE name >= ? AND name < ?';
        $values = [self::OUTAGE, self::OUTAGE . '~'];
        $names = array_column($this->database->rows("SELECT name$range", $values), 'name');
        if ($names === []) {
            return;
        }
        $this->database->execute("DELETE$range", $values);
        if (in_array(self::OUTAGE, $names, true)) {
            // Who waits for the next turn to try Zoom need not wait any longer: it is only looked at again.
            $this->database->execute(
                'UPDATE ' . $this->tables->visits() . ' SET due_at = ? WHERE due_at > ? AND due_at <= ? + INTERVAL ? SECOND',
                [$now, $now, $now, Step::trySeconds()]
            );
        }
    }

    private function setFirst(string $name, string $now): bool
    {
        return $this->database->execute('INSERT IGNORE INTO ' . $this->tables->signals() . ' (name, at) VALUES (?, ?)', [$name, $now]) === 1;
    }
}
