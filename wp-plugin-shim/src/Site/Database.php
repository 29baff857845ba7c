<?php
/**
 * A database connection of the plugin's own.
 *
 * Appointment systems call us inside an open transaction of $wpdb; their ROLLBACK must not take a rotated refresh token or
 * the record of a meeting with it. So this is plain mysqli: autocommit, opened when first needed, never persistent (closing
 * a persistent connection would not free its locks). A second wpdb would end the page when it cannot connect, and would
 * reconnect silently, losing its locks.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Database
{
    private const CONNECT_SECONDS = 5;
    /** "Server has gone away": said before the statement was sent, so it may be sent again. */
    private const GONE = 2006;
    /** "Lost connection during query". */
    private const LOST = 2013;
    public const DUPLICATE = 1062;
    public const DEADLOCK = 1213;
    public const NO_TABLE = 1146;
    /**
     * Lock wait timeout, deadlock, a row that has changed since it was read: the server takes the statement back, or the whole
     * transaction. Disk full, error on write, error of the storage, table full, read only: what lacks room for one line may have it for
     * the next, and half of it must not stand.
     */
    private const TAKES_BACK = [1205, 1213, 1020, 1021, 1026, 1030, 1114, 1290];
    /** Those of other lengths of lists come and go. */
    private const MOST_STATEMENTS = 64;
    /** The code of a DatabaseException that is about GET_LOCK itself; no code of MySQL is negative. */
    public const NO_LOCKS = -1;
    /**
     * Strict, so that nothing is cut short in silence; READ COMMITTED, so that each look sees what others have written: nor does
     * MariaDB refuse there to change it (error 1020).
     */
    private const SESSION = "SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', SESSION autocommit = 1," .
        " SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = 10";

    private ?\mysqli $connection = null;
    /** @var array<string, true> names of the locks that are held */
    private array $held = [];
    private bool $isInTransaction = false;
    /** What took the transaction back that is under way. */
    private ?DatabaseException $takenBack = null;
    /** @var list<\Closure(): void> what waits for the transaction's end */
    private array $afterCommit = [];
    /** @var array<string, \mysqli_stmt> by their SQL */
    private array $statements = [];

    public function __construct(private readonly Site $site)
    {
    }

    /**
     * Runs a statement and tells how many rows it matched.
     *
     * @param list<int|string|null> $values for the question marks
     * @param bool $needsLocks false: a statement that is safe by itself may go over a new connection although the locks
     *                         went with the old one
     * @throws DatabaseException
     */
    public function execute(string $sql, #[\SensitiveParameter] array $values = [], bool $needsLocks = true): int
    {
        return (int) $this->statement($sql, $values, $needsLocks)->affected_rows;
    }

    /**
     * @param list<int|string|null> $values
     * @return int the new row's id
     * @throws DatabaseException
     */
    public function insert(string $sql, #[\SensitiveParameter] array $values): int
    {
        return (int) $this->statement($sql, $values)->insert_id;
    }

    /**
     * @param list<int|string|null> $values
     * @return list<array<string, mixed>>
     * @throws DatabaseException
     */
    public function rows(string $sql, #[\SensitiveParameter] array $values = []): array
    {
        $statement = $this->statement($sql, $values);
        return $this->strictly(static function () use ($statement): array {
            $result = $statement->get_result();
            return $result === false ? [] : $result->fetch_all(MYSQLI_ASSOC);
        });
    }

    /**
     * @param list<int|string|null> $values
     * @return ?array<string, mixed>
     * @throws DatabaseException
     */
    public function row(string $sql, #[\SensitiveParameter] array $values = []): ?array
    {
        return $this->rows($sql, $values)[0] ?? null;
    }

    /**
     * What a join finds, each table's rows apart and each row once: one round trip in place of several.
     *
     * @param string $sql selects whole tables, all with a column `id`
     * @param list<int|string|null> $values
     * @return array<string, list<array<string, mixed>>> by the tables' names in the statement, in its order
     * @throws DatabaseException
     */
    public function joined(string $sql, #[\SensitiveParameter] array $values): array
    {
        $statement = $this->statement($sql, $values);
        return $this->strictly(static function () use ($statement): array {
            $result = $statement->get_result();
            $found = [];
            foreach ($result === false ? [] : $result->fetch_all(MYSQLI_NUM) as $line) {
                $rows = [];
                foreach ($result->fetch_fields() as $place => $field) {
                    $rows[$field->table][$field->name] = $line[$place];
                }
                foreach ($rows as $table => $row) {
                    // Where a table has no row that fits, its columns are empty.
                    if ($row['id'] !== null) {
                        $found[$table][$row['id']] = $row;
                    }
                }
            }
            return array_map('array_values', $found);
        });
    }

    /**
     * Does several statements as one, or as part of the one that is under way. Short, and never around a request to Zoom. Where the
     * server has taken it back it fails, whoever caught the error within.
     *
     * @template T
     * @param callable(): T $work
     * @return T
     * @throws DatabaseException
     */
    public function atomically(callable $work): mixed
    {
        if ($this->isInTransaction) {
            return $work();
        }
        $this->query('START TRANSACTION');
        $this->isInTransaction = true;
        $this->afterCommit = [];
        try {
            $result = $work();
            if ($this->takenBack !== null) {
                throw $this->takenBack;
            }
            $this->query('COMMIT');
            $then = $this->afterCommit;
        } catch (\Throwable $failure) {
            try {
                $this->query('ROLLBACK');
            } catch (DatabaseException) {
                // The connection is gone, and the transaction with it.
                $this->forgetConnection();
            }
            throw $failure;
        } finally {
            $this->isInTransaction = false;
            $this->takenBack = null;
            $this->afterCommit = [];
        }
        foreach ($then as $one) {
            $one();
        }
        return $result;
    }

    /**
     * Does it once what is under way stands, the whole of it: at once where nothing is, never where it is taken back. Whatever waits
     * for others, such as a write to the host's tables, comes here: they may be waiting for the rows that we hold.
     *
     * @param \Closure(): void $then
     */
    public function afterCommit(\Closure $then): void
    {
        if ($this->isInTransaction) {
            $this->afterCommit[] = $then;
        } else {
            $then();
        }
    }

    /**
     * Takes a named lock that spans every process and web server of this site.
     *
     * @return bool true only when it is held; false also when this request holds it already
     * @throws DatabaseException also when the database cannot lock, with the code NO_LOCKS
     */
    public function lock(string $key, float $seconds): bool
    {
        $name = $this->lockName($key);
        if (isset($this->held[$name])) {
            return false;
        }
        // Whole seconds; a negative number would mean for ever.
        if (!$this->take($name, max(0, (int) ceil($seconds)))) {
            return false;
        }
        $this->held[$name] = true;
        return true;
    }

    /** @throws DatabaseException */
    public function unlock(string $key): void
    {
        $name = $this->lockName($key);
        if (!isset($this->held[$name])) {
            return;
        }
        unset($this->held[$name]);
        $this->row('SELECT RELEASE_LOCK(?) AS released', [$name]);
    }

    /** Closes the connection, which frees its locks. */
    public function close(): void
    {
        $this->statements = [];
        $this->connection?->close();
        $this->forgetConnection();
    }

    /** At most 64 characters, and MySQL compares them without case: a prefix and 40 hexadecimal digits. */
    public function lockName(string $key): string
    {
        global $wpdb;
        $scope = implode("\0", [DB_NAME, $wpdb->prefix, (string) get_current_blog_id(), $key]);
        return 'telemed_' . substr(hash_hmac('sha256', $scope, $this->site->secret()), 0, 40);
    }

    /** @throws DatabaseException */
    private function take(string $name, int $seconds): bool
    {
        try {
            $taken = $this->row('SELECT GET_LOCK(?, ?) AS taken', [$name, $seconds])['taken'] ?? null;
        } catch (DatabaseException $failure) {
            if ($this->connection === null || in_array($failure->getCode(), [self::GONE, self::LOST], true)) {
                throw $failure;
            }
            throw new DatabaseException(sprintf('GET_LOCK was refused with error %d', $failure->getCode()), self::NO_LOCKS);
        }
        // 0: somebody else holds it. NULL: the database could not say; whoever went on would not be alone.
        return match ($taken === null ? '' : (string) $taken) {
            '1' => true,
            '0' => false,
            default => throw new DatabaseException('GET_LOCK gave no answer', self::NO_LOCKS),
        };
    }

    /** @param list<int|string|null> $values */
    private function statement(string $sql, #[\SensitiveParameter] array $values, bool $needsLocks = true): \mysqli_stmt
    {
        if ($this->takenBack !== null) {
            // It would be carried out by itself.
            throw $this->takenBack;
        }
        $run = function () use ($sql, $values): \mysqli_stmt {
            $statement = $this->prepared($sql);
            $statement->execute($values);
            return $statement;
        };
        try {
            return $this->strictly($run);
        } catch (DatabaseException $failure) {
            if ($this->isInTransaction && in_array($failure->getCode(), self::TAKES_BACK, true)) {
                $this->takenBack = $failure;
            }
            // With a lock held, or within a transaction, the connection must not be replaced in silence: they went with it.
            if ($failure->getCode() !== self::GONE || $this->isInTransaction || ($needsLocks && $this->held !== [])) {
                throw $failure;
            }
            $this->forgetConnection();
            return $this->strictly($run);
        }
    }

    /** The same statement is sent several times in a request, and prepared once. To be called within strictly(). */
    private function prepared(string $sql): \mysqli_stmt
    {
        $connection = $this->open();
        if (count($this->statements) >= self::MOST_STATEMENTS) {
            $this->statements = [];
        }
        return $this->statements[$sql] ??= $connection->prepare($sql);
    }

    private function forgetConnection(): void
    {
        $this->statements = [];
        $this->connection = null;
        $this->held = [];
    }

    private function query(string $sql): void
    {
        $this->strictly(fn() => $this->open()->query($sql));
    }

    /** To be called within strictly(). */
    private function open(): \mysqli
    {
        if ($this->connection !== null) {
            return $this->connection;
        }
        global $wpdb;
        $host = preg_replace('/^p:/', '', DB_HOST);
        $port = $socket = null;
        $address = $wpdb->parse_db_host($host);
        if (is_array($address)) {
            [$host, $port, $socket, $isIpv6] = $address;
            if ($isIpv6 && extension_loaded('mysqlnd')) {
                $host = "[$host]";
            }
        }
        $connection = mysqli_init();
        $connection->options(MYSQLI_OPT_CONNECT_TIMEOUT, self::CONNECT_SECONDS);
        // Matched rows are counted, not changed ones: to save what is there already is a success.
        $flags = (defined('MYSQL_CLIENT_FLAGS') ? (int) MYSQL_CLIENT_FLAGS : 0) | MYSQLI_CLIENT_FOUND_ROWS;
        $connection->real_connect(
            (string) $host,
            DB_USER,
            DB_PASSWORD,
            DB_NAME,
            $port === null ? null : (int) $port,
            $socket,
            $flags
        );
        $charset = preg_match('/^\w+$/', (string) $wpdb->charset) === 1 ? $wpdb->charset : 'utf8mb4';
        $connection->query("SET NAMES $charset, " . self::SESSION);
        $connection->query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
        return $this->connection = $connection;
    }

    /**
     * mysqli's way of reporting is one switch for the whole process, and wpdb needs it off.
     *
     * @template T
     * @param callable(): T $work
     * @return T
     */
    private function strictly(callable $work): mixed
    {
        $driver = new \mysqli_driver();
        $before = $driver->report_mode;
        $driver->report_mode = MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT;
        try {
            return $work();
        } catch (\mysqli_sql_exception $failure) {
            throw new DatabaseException(
                sprintf('the site\'s database answered with error %d', $failure->getCode()),
                (int) $failure->getCode()
            );
        } finally {
            $driver->report_mode = $before;
        }
    }
}
