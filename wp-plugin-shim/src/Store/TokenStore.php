<?php
/**
 * Where the extension keeps its sealed records: a table of this blog, on the plugin's own connection.
 *
 * Loaded only when the extension, which defines the interface, is there. Every failure throws.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Listeners;

defined('ABSPATH') || exit;

final class TokenStore implements \Telemed\TokenStore
{
    /**
     * @param float      $patience seconds that nobody waits longer for a lock, however long the extension would
     * @param ?Listeners $news     who hears whose connection's record was written; the extension is in the midst of its work on it
     */
    public function __construct(
        private readonly Database $database,
        private readonly float $patience = INF,
        private readonly ?Listeners $news = null
    ) {
    }

    public function load(string $key): ?string
    {
        $row = $this->database->row(
            'SELECT sealed FROM ' . Schema::tokens() . ' WHERE id = ?',
            [self::id($key)]
        );
        return $row === null ? null : (string) $row['sealed'];
    }

    public function save(string $key, string $sealed, ?string $replaces): bool
    {
        // It compares before it stores, so a new token is rather saved without the lock than lost with the connection.
        if ($replaces !== null) {
            $isSaved = $this->database->execute(
                'UPDATE ' . Schema::tokens() . ' SET sealed = ?, updated_at = UTC_TIMESTAMP() WHERE id = ? AND sealed = ?',
                [$sealed, self::id($key), $replaces],
                needsLocks: false
            ) === 1;
            $parts = explode(':', $key, 3);
            if ($isSaved && $parts[0] === 'connection' && isset($parts[2])) {
                $this->news?->tell($parts[2]);
            }
            return $isSaved;
        }
        try {
            $this->database->execute(
                'INSERT INTO ' . Schema::tokens() . ' (id, record_key, sealed, updated_at) VALUES (?, ?, ?, UTC_TIMESTAMP())',
                [self::id($key), $key, $sealed],
                needsLocks: false
            );
            return true;
        } catch (DatabaseException $failure) {
            if ($failure->getCode() === Database::DUPLICATE) {
                return false;
            }
            throw $failure;
        }
    }

    public function delete(string $key): void
    {
        $this->database->execute('DELETE FROM ' . Schema::tokens() . ' WHERE id = ?', [self::id($key)]);
    }

    public function lock(string $key, float $seconds): bool
    {
        return $this->database->lock('token:' . $key, min($seconds, $this->patience));
    }

    public function unlock(string $key): void
    {
        $this->database->unlock('token:' . $key);
    }

    /** @return list<string> every key that has a record */
    public function keys(): array
    {
        return array_map(
            'strval',
            array_column($this->database->rows('SELECT record_key FROM ' . Schema::tokens() . ' ORDER BY id'), 'record_key')
        );
    }

    /**
     * Whose connections are kept, whichever app they belong to, also of users who were deleted. The extension names a
     * connection's record 'connection:', a name of the app, ':' and the subject.
     *
     * @return list<string>
     */
    public function subjects(): array
    {
        return $this->subjectsIn('connection');
    }

    /**
     * Who has a grant beside the connection: a Zoom user that waits for an answer, or the one before. Their records are named
     * the same, with 'held:' and 'former:'.
     *
     * @return list<string>
     */
    public function subjectsOfOtherGrants(): array
    {
        return $this->subjectsIn('held', 'former');
    }

    /** @return list<string> */
    private function subjectsIn(string ...$places): array
    {
        $subjects = [];
        foreach ($this->keys() as $key) {
            $parts = explode(':', $key, 3);
            if (in_array($parts[0], $places, true) && isset($parts[2])) {
                $subjects[$parts[2]] = true;
            }
        }
        return array_map('strval', array_keys($subjects));
    }

    /** Deletes what is kept of a subject, whichever app it belongs to. */
    public function forget(string $subject): void
    {
        foreach ($this->keys() as $key) {
            if ((explode(':', $key, 3)[2] ?? '') === $subject) {
                $this->delete($key);
            }
        }
    }

    /** Keys may be long and differ by case only; a hash is neither. */
    private static function id(string $key): string
    {
        return hash('sha256', $key);
    }
}
