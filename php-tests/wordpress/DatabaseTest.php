<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** What the plugin's own connection promises where the server refuses, and what the plugin does to the host's. */
final class DatabaseTest extends ClinicTestCase
{
    private const BEGIN = <<<'CODE'
        $database = \TelemedZoom\Plugin::instance()->database;
        $signals = 'wp_test_signals';
        foreach (['a', 'b'] as $name) {
            $database->execute("INSERT INTO $signals (name, at) VALUES (?, '2030-01-01')", [$name]);
        }
        [$host, , $socket] = $GLOBALS['wpdb']->parse_db_host(DB_HOST);
        $other = new \mysqli($host, DB_USER, DB_PASSWORD, DB_NAME, null, $socket);
        $other->query('START TRANSACTION');
        $other->query("UPDATE $signals SET at = '2031-01-01' WHERE name = 'b'");
        CODE;
    private const WORK = <<<'CODE'
        try {
            $outcome = $database->atomically(static function () use ($database, $signals, $inBetween): string {
                $database->execute("UPDATE $signals SET at = '2032-01-01' WHERE name = 'a'");
                $inBetween();
                try {
                    $database->row("SELECT * FROM $signals WHERE name = 'b' FOR UPDATE");
                } catch (\TelemedZoom\Site\DatabaseException) {
                    // As whoever writes a mail down does.
                }
                $database->execute("INSERT INTO $signals (name, at) VALUES ('c', '2032-01-01')");
                return 'done';
            });
        } catch (\TelemedZoom\Site\DatabaseException $failure) {
            $outcome = $failure->getCode();
        }
        $end();
        return [$outcome, $database->rows("SELECT name, YEAR(at) AS year FROM $signals WHERE name IN ('a', 'b', 'c') ORDER BY name")];
        CODE;
    private const UNTOUCHED = array(array('name' => 'a', 'year' => 2030), array('name' => 'b', 'year' => 2030));
    /** MariaDB's default since 11.6.2: what somebody else has changed since the transaction looked is error 1020. What others write stands by then. */
    private const ISOLATED = <<<'CODE'
        $database->execute('SET SESSION innodb_snapshot_isolation = ON');
        $inBetween = static function () use ($database, $other, $signals): void {
            $database->row("SELECT COUNT(*) FROM $signals");
            $other->commit();
        };
        $end = static function (): void {};
        CODE;

    protected function setUp(): void
    {
        parent::setUp();
        $this->tearDown();
        $this->site->database()->query('CREATE TABLE wp_test_signals (name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, at datetime NOT NULL, PRIMARY KEY (name)) ENGINE=InnoDB');
    }

    protected function tearDown(): void
    {
        $this->site->database()->query('DROP TABLE IF EXISTS wp_test_signals');
    }

    public function testADeadlockThatSomebodyCaughtWithinATransactionIsNotTakenForDone(): void
    {
        // The server ends the one that has done less.
        $this->assertSame(array(1213, self::UNTOUCHED), $this->site->php(self::BEGIN . <<<'CODE'
            for ($number = 0; $number < 300; $number++) {
                $other->query("INSERT INTO $signals (name, at) VALUES ('x$number', '2031-01-01')");
            }
            $inBetween = static function () use ($other, $signals): void {
                $other->query("UPDATE $signals SET at = '2031-01-01' WHERE name = 'a'", MYSQLI_ASYNC);
                usleep(500_000);
            };
            $end = static function () use ($other): void { $other->reap_async_query(); $other->rollback(); };
            CODE . self::WORK));
    }

    public function testALockThatDoesNotComeInTimeIsNotTakenForDoneEither(): void
    {
        $this->assertSame(array(1205, self::UNTOUCHED), $this->site->php(self::BEGIN . <<<'CODE'
            $inBetween = static function () use ($database): void { $database->execute('SET SESSION innodb_lock_wait_timeout = 1'); };
            $end = static function () use ($other): void { $other->rollback(); };
            CODE . self::WORK));
    }

    public function testWhatSomebodyElseChangedSinceItWasReadIsNotTakenForDoneEither(): void
    {
        $outcome = $this->site->php(self::BEGIN . '$database->execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");' . self::ISOLATED . self::WORK);
        $this->assertSame(array(1020, array(array('name' => 'a', 'year' => 2030), array('name' => 'b', 'year' => 2031))), $outcome);
    }

    public function testOurOwnTransactionsSeeWhatOthersWriteAndAreNotRefused(): void
    {
        $outcome = $this->site->php(self::BEGIN . self::ISOLATED . self::WORK);
        $this->assertSame(array('done', array(array('name' => 'a', 'year' => 2032), array('name' => 'b', 'year' => 2031), array('name' => 'c', 'year' => 2032))), $outcome);
    }

    /** MySQL, and a MariaDB that is older. */
    public function testAServerThatDoesNotKnowTheCheckIsAskedOnceAndToldNothing(): void
    {
        $this->assertSame(array('done', 'done', 1), $this->site->php(<<<'CODE'
            $asked = 0;
            add_filter('query', static function (string $sql) use (&$asked): string {
                $isAbout = str_contains($sql, 'innodb_snapshot_isolation');
                $asked += (int) $isAbout;
                return $isAbout ? 'SELECT 1 FROM DUAL WHERE 1 = 0' : $sql;
            });
            $spare = static fn (): string => \TelemedZoom\Site\HostTransaction::spare(static fn (): string => 'done');
            return [$spare(), $spare(), $asked];
            CODE));
    }

    public function testAfterwardsTheNextTransactionIsCommitted(): void
    {
        $this->assertSame('done', $this->site->php(self::BEGIN . <<<'CODE'
            try {
                $database->atomically(static function () use ($database, $signals): void {
                    $database->execute('SET SESSION innodb_lock_wait_timeout = 1');
                    $database->execute("UPDATE $signals SET at = '2032-01-01' WHERE name = 'b'");
                });
            } catch (\TelemedZoom\Site\DatabaseException) {
                $inBetween = $end = static function (): void {};
            }
            $other->rollback();
            CODE . self::WORK)[0]);
    }
}
