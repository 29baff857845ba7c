<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\Records;
use Telemed\Tests\Records\ManyVisits;

/** A ledger of ten thousand visits: every question to it is answered from an index, and a page of it costs what a short one does. */
final class QueryPlanTest extends ClinicTestCase
{
    private const ROWS = 10000;
    /** What a statement may look at, of all these; what is to come is a tenth of them. */
    private const MOST_READ = self::ROWS / 5;
    /** Every public method of what asks the ledger, with arguments as screens, routes, worker and comparison give them. */
    private const CALLS = <<<'CODE'
        $plugin = \TelemedZoom\Plugin::instance();
        $queries = $plugin->queries;
        $comparison = new \TelemedZoom\Reconcile\ReconcileQueries($plugin->database, $plugin->tables, $plugin->links);
        $row = $plugin->ledger->find($arguments['row']);
        $without = $plugin->ledger->find($arguments['without']);
        $host = \TelemedZoom\Reconcile\ComparedHost::fromRow(['mode' => 's2s', 'app' => 'app', 'account' => 'account', 'subject' => null, 'host' => 'host1', 'host_email' => null, 'is_needed' => '1']);
        $now = gmdate('Y-m-d H:i:s');
        $page = static fn (?int $doctor, string $when, int $number): array => $queries->page($doctor, $when, $number, 20);
        $calls = [
            \TelemedZoom\Ledger\LedgerQueries::class => [
                'page' => static fn () => [$page(null, 'upcoming', 3), $page(null, 'past', 3), $page(null, 'all', 3), $page(1, 'upcoming', 1), $page(1, 'past', 2), $page(1, 'all', 1)],
                'count' => static fn () => [$queries->count(null, 'upcoming'), $queries->count(1, 'all')],
                'upcomingAfter' => static fn () => $queries->upcomingAfter(9200, 200),
                'upcomingOfSource' => static fn () => $queries->upcomingOfSource('manual', 200),
                'dueSince' => static fn () => $queries->dueSince(),
                'knowsApp' => static fn () => [$queries->knowsApp(\TelemedZoom\Clinic\Mode::ServerToServer, 'app'), $queries->knowsApp(\TelemedZoom\Clinic\Mode::ServerToServer, 'none')],
                'countOfConnection' => static fn () => $queries->countOfConnection('connection1'),
                'unwanted' => static fn () => $queries->unwanted(),
                'unwantedOfConnection' => static fn () => $queries->unwantedOfConnection('connection1'),
                'upcomingOfConnection' => static fn () => $queries->upcomingOfConnection('connection1', 1000),
                'upcomingAtZoom' => static fn () => $queries->upcomingAtZoom(500),
                'doctorsOfUpcoming' => static fn () => $queries->doctorsOfUpcoming(),
                'isTaken' => static fn () => [$queries->isTaken(90000000001, 1), $queries->isTaken(1, 1)],
                'apps' => static fn () => $queries->apps(),
                'countUpcomingByApp' => static fn () => $queries->countUpcomingByApp(['former', 'other']),
                'upcomingOfApps' => static fn () => $queries->upcomingOfApps(['app'], 50, 100),
                'upcomingOfAppAfter' => static fn () => [$queries->upcomingOfAppAfter('app', null, 200), $queries->upcomingOfAppAfter('app', $row, 200)],
                'upcomingOfDoctor' => static fn () => $queries->upcomingOfDoctor(1),
                'unconfirmedOffOfDoctor' => static fn () => $queries->unconfirmedOffOfDoctor(1),
                'ofAppointments' => static fn () => $queries->ofAppointments('manual', array_map(static fn (int $number): string => "a{$number}", range(1, 100))),
            ],
            \TelemedZoom\Reconcile\ReconcileQueries::class => [
                'hosts' => static fn () => $comparison->hosts(),
                'withoutNumber' => static fn () => $comparison->withoutNumber(),
                'ofNumbers' => static fn () => $comparison->ofNumbers(range(90000000001, 90000000300)),
                'find' => static fn () => $comparison->find(1, 1),
                'upcomingOfHost' => static fn () => $comparison->upcomingOfHost($host, 9300, 300),
            ],
            \TelemedZoom\Apps\Overlaps::class => [
                'of' => static fn () => $plugin->overlaps->of([$row, $without, ...$page(null, 'upcoming', 2)['records']]),
            ],
            \TelemedZoom\Store\VisitStore::class => [
                'due' => static fn () => $plugin->store->queue->due($now, 50),
                'pending' => static fn () => $plugin->store->queue->pending(50),
                'dueNotices' => static fn () => $plugin->store->queue->dueNotices($now, 50),
                'numbersOfOthers' => static fn () => $plugin->store->numbersOfOthers('host1', 1, 1),
                'idOf' => static fn () => $plugin->store->idOf('manual', 'a1'),
            ],
            \TelemedZoom\Ledger\Ledger::class => [
                'find' => static fn () => $plugin->ledger->find(1),
                'findAppointment' => static fn () => $plugin->ledger->findAppointment('manual', 'a1'),
                'findVisit' => static fn () => $plugin->ledger->findVisit(str_repeat('a', 32)),
            ],
        ];
        $forgotten = [];
        foreach ([\TelemedZoom\Ledger\LedgerQueries::class, \TelemedZoom\Reconcile\ReconcileQueries::class] as $class) {
            foreach ((new \ReflectionClass($class))->getMethods(\ReflectionMethod::IS_PUBLIC) as $method) {
                if (!$method->isConstructor() && !isset($calls[$class][$method->name])) {
                    $forgotten[] = $method->name;
                }
            }
        }
        foreach ($calls as $methods) {
            foreach ($methods as $call) {
                $call();
            }
        }
        return $forgotten;
        CODE;

    private \mysqli $root;

    protected function setUp(): void
    {
        parent::setUp();
        $this->root = $this->site->database(asRoot: true);
        $this->root->query("SET GLOBAL log_output = 'TABLE'");
        // Of few pages the statistics would be another guess each time.
        $this->root->query('SET GLOBAL innodb_stats_persistent_sample_pages = 10000');
    }

    protected function tearDown(): void
    {
        $this->root->query('SET GLOBAL general_log = OFF');
        $this->root->query('SET GLOBAL innodb_stats_persistent_sample_pages = DEFAULT');
        $this->root->query('TRUNCATE mysql.general_log');
        $this->root->close();
    }

    public function testEveryQuestionToTheLedgerIsAnsweredFromAnIndex(): void
    {
        $this->many()->fill(self::ROWS);
        $statements = $this->sent(function (): void {
            $this->assertSame(array(), $this->site->php(self::CALLS, array('row' => 9500, 'without' => 9999)), 'questions that are not among these');
        });
        $this->assertGreaterThan(25, count($statements));
        $bad = array();
        foreach ($statements as $statement) {
            foreach ($this->root->query("EXPLAIN {$statement}")->fetch_all(MYSQLI_ASSOC) as $step) {
                if ('ALL' === $step['type'] && in_array($step['table'], array(...$this->many()->tables(), 'v', 'm', 'n'), true)) {
                    $bad[] = "all of the table: {$statement}";
                }
            }
            // InnoDB keeps no numbers of rows: what is counted is looked at, in an index.
            $counted = str_starts_with($statement, 'SELECT COUNT(*)') ? 1 + (int) $this->root->query($statement)->fetch_row()[0] : 0;
            // With a visit its meeting is read, and whether another is to take its place.
            $most = max($counted, self::MOST_READ * (str_contains($statement, ' JOIN ') ? 3 : 1));
            $read = $this->read($statement);
            if ($read > $most) {
                $bad[] = "{$read} rows read: {$statement}";
            }
        }
        $this->assertSame(array(), $bad);
    }

    public function testAScreenAndAPageOfTheRouteAskAsOftenOfTenThousandAsOfTwo(): void
    {
        $this->useServerToServerWithHosts();
        $this->many()->fill(2);
        $few = array($this->countOfScreen(), $this->countOfRoute());
        $this->many()->fill(self::ROWS);
        $many = array($this->countOfScreen(), $this->countOfRoute());
        $this->assertSame($few, $many);
        $screen = $this->browser('admin')->get('/wp-admin/admin.php?page=telemed-meetings&paged=10');
        $this->assertCount(20, $screen->all('//table//tr[@data-state]'));
        $this->assertNotSame(array(), $screen->all('//p[contains(@class, "telemed-overlaps")]'));
    }

    public function testOfTenThousandThatAreDueABatchIsFoundInAnIndexAlone(): void
    {
        $this->many()->fill(self::ROWS);
        $this->many()->makeDue();
        $statements = $this->sent(function (): void {
            $this->assertCount(50, $this->site->php('return \TelemedZoom\Plugin::instance()->store->queue->due(gmdate("Y-m-d H:i:s"), 50);'));
        });
        $this->assertCount(1, $statements);
        // The soonest visit first, whichever was due first: each entry of the index is looked at, and no row.
        $this->assertLessThanOrEqual(self::ROWS + 1, $this->read($statements[0]));
        $this->assertStringContainsString('Using index', (string) $this->root->query("EXPLAIN {$statements[0]}")->fetch_assoc()['Extra']);
    }

    public function testOverlapsAreToldOnAPageAsForOne(): void
    {
        $this->many()->fill(self::ROWS);
        $told = $this->site->php(
            '$overlaps = \TelemedZoom\Plugin::instance()->overlaps;
            $records = \TelemedZoom\Plugin::instance()->queries->page(null, "upcoming", 1, 100)["records"];
            $one = [];
            foreach ($records as $record) { $one += $overlaps->of([$record]); }
            return [$overlaps->of($records), $one, $overlaps->of([]), count($records)];'
        );
        $this->assertSame(100, $told[3]);
        $this->assertSame($told[1], $told[0]);
        $this->assertSame(array(), $told[2]);
        $this->assertNotSame(array(), $told[0]);
        $this->assertLessThan(100, count($told[0]), 'some overlap with none');
        foreach ($told[0] as $one => $others) {
            foreach ($others as $other) {
                $this->assertTrue($this->records()->visits->overlap($one, $other));
            }
        }
    }

    private function many(): ManyVisits
    {
        return Records::over($this->root)->many;
    }

    private function countOfScreen(): int
    {
        return count($this->sent(fn () => $this->browser('admin')->screen('telemed-meetings'), false));
    }

    private function countOfRoute(): int
    {
        return count($this->sent(fn () => $this->browser('admin')->rest('GET', 'telemed/v1/visits?per_page=100'), false));
    }

    /**
     * The SELECTs to visits and unwanted meetings, as they reach the server.
     *
     * @return list<string>
     */
    private function sent(callable $work, bool $distinct = true): array
    {
        $this->browser('admin');
        $this->root->query('TRUNCATE mysql.general_log');
        $this->root->query('SET GLOBAL general_log = ON');
        $work();
        $this->root->query('SET GLOBAL general_log = OFF');
        $rows = $this->root->query(
            "SELECT CONVERT(argument USING utf8mb4) AS statement FROM mysql.general_log
             WHERE command_type IN ('Execute', 'Query') AND argument LIKE 'SELECT%' AND {$this->many()->areNamed()} AND argument NOT LIKE '%general\\_log%'"
        )->fetch_all(MYSQLI_ASSOC);
        $statements = array_column($rows, 'statement');
        return $distinct ? array_values(array_unique($statements)) : $statements;
    }

    /** How many rows and index entries the server looks at for it. */
    private function read(string $statement): int
    {
        $this->root->query('FLUSH STATUS');
        $this->root->query($statement)->fetch_all();
        $read = 0;
        foreach ($this->root->query("SHOW SESSION STATUS LIKE 'Handler_read%'")->fetch_all() as [, $count]) {
            $read += (int) $count;
        }
        return $read;
    }
}
