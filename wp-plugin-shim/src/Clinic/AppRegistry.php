<?php
/**
 * The one place where apps at Zoom are kept with their sealed secrets: the clinic's in force, former ones for the meetings that they
 * have made, and those of single doctors. The settings name the clinic's, a doctor's option their own. Written on the plugin's own
 * connection.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class AppRegistry
{
    /** A group of WordPress' cache, for one request: each visit asks several times. */
    private const CACHE = 'telemed_apps';
    private const ROWS = 'rows';
    private const NAMED = 'mode = ? AND account = ? AND client = ?';

    /** @param \Closure(): list<App> $unmoved those that still lie where the version before has kept them */
    public function __construct(private readonly Database $database, private readonly VisitTables $tables, private readonly \Closure $unmoved)
    {
        wp_cache_add_non_persistent_groups(self::CACHE);
    }

    /**
     * @return list<App>
     * @throws DatabaseException
     */
    public function all(): array
    {
        $kept = $this->kept();
        $isKept = static fn(App $app): bool => array_filter($kept, $app->is(...)) !== [];
        return [...$kept, ...array_filter(($this->unmoved)(), static fn(App $app): bool => !$isKept($app))];
    }

    /** @throws DatabaseException */
    public function find(Mode $mode, string $account, string $client): ?App
    {
        foreach ($this->all() as $app) {
            if ($app->isNamed($mode, $account, $client)) {
                return $app;
            }
        }
        return null;
    }

    /**
     * Those that hold what single Zoom users have granted, in force or former.
     *
     * @return array<array-key, App> by client id
     * @throws DatabaseException
     */
    public function ofGrants(): array
    {
        $apps = array_filter($this->all(), static fn(App $app): bool => $app->mode->doctorsConnect());
        return array_combine(array_map(static fn(App $app): string => $app->client, $apps), $apps);
    }

    /**
     * The one that acts for a whole account of Zoom's, in force or former.
     *
     * @throws DatabaseException
     */
    public function ofAccount(string $account, string $client): ?App
    {
        foreach ($this->all() as $app) {
            if ($app->mode->hostsAreMapped() && $app->isNamed($app->mode, $account, $client)) {
                return $app;
            }
        }
        return null;
    }

    /**
     * The secret that is entered last is the right one.
     *
     * @throws DatabaseException
     */
    public function put(App $app): void
    {
        $this->insert('INSERT', $app, ' ON DUPLICATE KEY UPDATE secret = VALUES(secret), context = VALUES(context), redirect_url = VALUES(redirect_url)');
    }

    /**
     * One that is kept already stays as it is.
     *
     * @throws DatabaseException
     */
    public function add(App $app): void
    {
        $this->insert('INSERT IGNORE', $app, '');
    }

    /** @throws DatabaseException */
    public function forget(App $app): void
    {
        $this->execute("DELETE FROM {$this->tables->apps()} WHERE " . self::NAMED, [$app->mode->value, $app->account, $app->client]);
    }

    /**
     * Seals every secret anew under the first key. Who enters another one meanwhile has the last word.
     *
     * @return int how many no key opens any more
     * @throws DatabaseException
     */
    public function reseal(\Telemed\Vault $vault): int
    {
        $unreadable = 0;
        foreach ($this->kept() as $app) {
            try {
                $sealed = $vault->reseal($app->secret, $app->context);
            } catch (\Telemed\TelemedException) {
                $unreadable++;
                continue;
            }
            $update = "UPDATE {$this->tables->apps()} SET secret = ? WHERE " . self::NAMED . ' AND secret = ?';
            $this->execute($update, [$sealed, $app->mode->value, $app->account, $app->client, $app->secret]);
        }
        return $unreadable;
    }

    private function insert(string $insert, App $app, string $else): void
    {
        $this->execute(
            "$insert INTO {$this->tables->apps()} (mode, account, client, secret, context, redirect_url) VALUES (?, ?, ?, ?, ?, ?)$else",
            [$app->mode->value, $app->account, $app->client, $app->secret, $app->context, $app->redirectUrl]
        );
    }

    /** @param list<string> $values */
    private function execute(string $sql, #[\SensitiveParameter] array $values): void
    {
        $this->database->execute($sql, $values);
        wp_cache_delete(self::ROWS, self::CACHE);
    }

    /**
     * @return list<App> those of the table
     * @throws DatabaseException
     */
    private function kept(): array
    {
        $rows = wp_cache_get(self::ROWS, self::CACHE);
        if (!is_array($rows)) {
            $rows = $this->rows();
            wp_cache_set(self::ROWS, $rows, self::CACHE);
        }
        return array_map(static fn(array $row): App => new App(
            Mode::from((string) $row['mode']),
            (string) $row['account'],
            (string) $row['client'],
            (string) $row['secret'],
            (string) $row['context'],
            (string) $row['redirect_url']
        ), $rows);
    }

    /**
     * @return list<array<string, mixed>>
     * @throws DatabaseException
     */
    private function rows(): array
    {
        try {
            return $this->database->rows("SELECT * FROM {$this->tables->apps()} ORDER BY id");
        } catch (DatabaseException $failure) {
            if ($failure->getCode() !== Database::NO_TABLE) {
                throw $failure;
            }
            // The tables are those of the version before.
            return [];
        }
    }
}
