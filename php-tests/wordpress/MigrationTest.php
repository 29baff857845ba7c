<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\After;
use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Site;

/** A site that version 0.1.0 has filled comes along whole: no meeting is made twice, no link changes, nobody is told twice or never. */
final class MigrationTest extends ClinicTestCase
{
    private const BEGIN = '$plugin = \TelemedZoom\Plugin::instance();
        $tables = $plugin->tables;
        $before = new \Telemed\Tests\Records\Schema5();
        $old = new \TelemedZoom\Migration\OldTables();
        $schema = new \TelemedZoom\Store\Schema($tables);
        $log = new \TelemedZoom\Migration\OldLog($plugin->database, $old, $tables);
        $visits = new \TelemedZoom\Migration\OldVisits($plugin->database, $old, $log, $plugin->store, $plugin->links, $plugin->sources, $plugin->moments);
        $handovers = new \TelemedZoom\Migration\OldHandovers($plugin->database, $old, $plugin->handovers, $plugin->site);
        $migration = new \TelemedZoom\Migration\FromSchema5($plugin->database, $schema, $old, $tables, $visits, $log, $handovers);
        $rows = static fn (string $sql, array $values = []): array => $plugin->database->rows($sql, $values);
        $count = static fn (string $table): int => (int) $rows("SELECT COUNT(*) AS n FROM {$table}")[0]["n"];
        $slot = \TelemedZoom\Ledger\Visit::wanted(new \DateTimeImmutable("+1 week"), 25, "UTC")->slot();
        $book = static function (string $appointment) use ($plugin, $slot): int {
            $now = $plugin->moments->now();
            return $plugin->store->add(\Telemed\Visit::booked("manual", $appointment, 2, $slot, $now), [], $now)->id();
        };';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $this->site->php(self::BEGIN . '$before->begin();');
    }

    /** @after */
    #[After]
    public function dropTables(): void
    {
        $this->site->php(self::BEGIN . '$plugin->database->close(); $plugin->migration->drop(); $plugin->migration->install();');
    }

    public function testEveryVisitGoesOnWhereItWas(): void
    {
        $seen = $this->site->php(self::BEGIN . <<<'CODE'
            $made = $before->made($arguments['starts'][0], ['patient_email' => 'pat@patients.example']);
            $before->cancel($before->made($arguments['starts'][1]), isDeleted: false);
            $before->cancel($before->made($arguments['starts'][2]), isDeleted: true);
            $before->fail($refused = $before->visit($arguments['starts'][3]));
            $before->lose($before->visit($arguments['starts'][4]));
            return ['number' => (int) $before->row($made)['meeting_id'], 'keys' => array_map(static fn(int $id): string => $before->row($id)['visit_key'], [$made, $refused])];
            CODE, array('starts' => array_map(self::start(...), range(30, 34))));
        $this->zoom->forgetRequests();
        $ran = $this->site->php(self::BEGIN . <<<'CODE'
            $was = $rows('SELECT id, sequence, generation FROM ' . $before->names()[0] . ' ORDER BY id');
            $lines = $count($before->names()[2]);
            $is = [$plugin->migration->left(), \TelemedZoom\Store\Schema::isCurrent(), $plugin->migration->goOn(30.0), $plugin->migration->left(), \TelemedZoom\Store\Schema::isMoving()];
            $after = $rows("SELECT id, sequence, generation FROM {$tables->visits()} ORDER BY id");
            $waiting = $rows("SELECT about, recipient FROM {$tables->outbox()} WHERE place = 'waiting'");
            $log = $count($tables->log());
            add_filter('telemed_now', static fn(): int => time() + 7200);
            foreach (array_column($after, 'id') as $id) {
                $plugin->loop->bringOn((int) $id, 30.0);
            }
            $clear = array_filter($rows("SELECT * FROM {$tables->meetings()}"), static fn(array $row): bool => str_contains((string) json_encode($row), '/j/'));
            return [
                'same' => $was === $after, 'is' => $is, 'waiting' => $waiting, 'clear' => count($clear), 'log' => $log === $lines, 'old' => array_map($rows, array_map(static fn(string $table): string => "SHOW TABLES LIKE '$table'", $old->all())),
                'found' => array_map(static fn(string $key): ?int => $plugin->ledger->findVisit($key)?->id, $arguments['keys']),
                'people' => array_column($rows("SELECT patient_email FROM {$tables->visits()} WHERE patient_email IS NOT NULL"), 'patient_email'),
                'states' => array_map(static fn(array $row): string => $plugin->store->find((int) $row['id'])->state(), $after),
                'new id' => $book('another') > max(array_column($was, 'id')),
            ];
            CODE, $seen);
        // Gathered for some minutes, and not true any more by then.
        $failed = array(array('about' => 'failed', 'recipient' => 'staff'), array('about' => 'failed', 'recipient' => 'doctor'));
        $this->assertSame(
            array(
                'same' => true, 'is' => array(5, false, true, null, false), 'waiting' => array_merge($failed, $failed), 'clear' => 0, 'log' => true, 'old' => array_fill(0, 4, array()),
                'found' => array(1, 4), 'people' => array('pat@patients.example'), 'states' => array('made', 'cancelled', 'cancelled', 'made', 'made'), 'new id' => true,
            ),
            $ran
        );
        $this->assertNotNull($this->zoom->meeting($seen['number']));
        $this->assertCount(1, $this->creations(), 'the refused one, and what was there is not made again');
    }

    public function testItIsMovedInPortionsAndWhoeverIsLookedForComesAlong(): void
    {
        $seen = $this->site->php(self::BEGIN . <<<'CODE'
            $first = $before->made($arguments['start']);
            $before->copy($first, 450);
            $before->change($first + 300, ['told' => 'nobody:knows']);
            $migration->begin();
            $schema->note(isMoving: true);
            // One whose appointment somebody has in the new tables would be refused with its whole portion.
            $book('copy449');
            $portion = $migration->run(0.0);
            $found = [$plugin->ledger->findVisit(md5('key400'))?->appointment, $plugin->store->idOf('manual', 'copy401'), $plugin->ledger->find($first + 402)?->id];
            $brought = $rows("SELECT id FROM {$tables->visits()} WHERE appointment IN ('copy400', 'copy401', 'copy402', 'copy403') ORDER BY id");
            $differences = null;
            try {
                $plugin->reconcile->run(dryRun: false);
            } catch (\TelemedZoom\Problem $problem) {
                $differences = $problem->id;
            }
            $second = $migration->run(30.0);
            $kept = [$plugin->ledger->find($first + 300)?->appointment, $plugin->migration->left()];
            $plugin->database->execute("UPDATE {$old->meetings()} SET told = NULL, appointment = REPLACE(appointment, 'copy449', 'free')");
            return ['portion' => $portion, 'found' => $found, 'brought' => array_column($brought, 'id'), 'differences' => $differences, 'second' => [$second['moved'], $second['unreadable'], $second['isDone']],
                'kept' => $kept, 'third' => $migration->run(30.0), 'under way' => $migration->isUnderWay(), 'visits' => $count($tables->visits()), 'over' => $plugin->migration->goOn(1.0), 'left' => $plugin->migration->left()];
            CODE, array('start' => self::start()));
        $this->assertSame(
            array(
                'portion' => array('moved' => 200, 'unreadable' => array(), 'isDone' => false), 'found' => array('copy400', 402, 403), 'brought' => array(401, 402, 403),
                'differences' => 'telemed_updating', 'second' => array(246, array(301, 450), true), 'kept' => array('copy300', 2),
                'third' => array('moved' => 2, 'unreadable' => array(), 'isDone' => true), 'under way' => false, 'visits' => 452, 'over' => true, 'left' => null,
            ),
            $seen
        );
    }

    public function testUntilAnAdministratorOrCronComesByVisitLinksLeadOnAndNothingIsTouched(): void
    {
        $key = $this->site->php(self::BEGIN . 'return $before->row($before->made($arguments["start"]))["visit_key"];', array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
        $visitor = $this->site->visitor();
        $page = $visitor->get("/?telemed_visit={$key}");
        $this->assertSame(array(200, 'open'), array($page->status, $page->element('telemed-visit')->getAttribute('data-state')));
        $this->assertStringContainsString('/j/', $visitor->get("/?telemed_visit={$key}&join=1", false)->header('location'));
        $this->browser('doctor1')->get('/wp-admin/index.php');
        $unknown = $visitor->get('/?telemed_visit=' . str_repeat('ab', 16));
        $this->assertSame(array(503, '20'), array($unknown->status, $unknown->header('retry-after')), 'rather than that it leads nowhere');
        $this->assertSame(503, $this->post('doctor1', 'doctor1')->status);
        $this->assertSame(array(1, false), $this->site->php(self::BEGIN . 'return [$count($before->names()[0]), $old->isRenamed()];'));

        $this->browser('admin')->get('/wp-admin/index.php');
        $this->assertSame(array(1, false, array()), $this->site->php(self::BEGIN . 'return [$count($tables->visits()), $old->areThere(), array_column($rows("SELECT link_key FROM {$tables->visits()} WHERE link_key NOT LIKE \'telemed1.%\'"), "link_key")];'));
        $this->assertSame('open', $visitor->get("/?telemed_visit={$key}")->element('telemed-visit')->getAttribute('data-state'));
        $this->assertSame(404, $visitor->get('/?telemed_visit=' . str_repeat('ab', 16))->status);
    }

    /** @dataProvider runs */
    #[DataProvider('runs')]
    public function testCronAndTheCommandMoveThemToo(string $code): void
    {
        $this->site->php(self::BEGIN . '$before->copy($before->visit($arguments["start"]), 3);', array('start' => self::start()));
        $this->assertSame(array(null, 4), $this->site->php(self::BEGIN . $code . 'return [$plugin->migration->left(), $count($tables->visits())];', array('support' => dirname(__DIR__) . '/support')));
    }

    /** @return array<string, array{string}> */
    public static function runs(): array
    {
        return array(
            'cron' => array('do_action("telemed_run");'),
            'WP-CLI' => array('require "{$arguments["support"]}/wp-cli.php"; \TelemedZoom\Cli::register($plugin); \WP_CLI::run("telemed run", []);'),
            'activation' => array('\TelemedZoom\Plugin::activateBlog(); $plugin->migration->goOn(5.0);'),
        );
    }

    public function testWithoutTheExtensionEverythingStaysAndIsReadWhereItIs(): void
    {
        $key = $this->site->php(self::BEGIN . 'return $before->row($before->made($arguments["start"]))["visit_key"];', array('start' => self::start()));
        $without = $this->site->inPhpOf(Site::fromEnvironment('TELEMED_BARE_SITE_STATE'));
        $look = self::BEGIN . '\TelemedZoom\Plugin::activateBlog();
            $row = $plugin->ledger->findVisit($arguments["key"]);
            return [$plugin->migration->goOn(5.0), $plugin->migration->left(), $row?->state->value, str_contains((string) $row?->joinUrl, "/j/")];';
        $this->assertSame(array(false, 1, 'made', true), $without->php($look, array('key' => $key)));
        $this->site->php(self::BEGIN . '$plugin->migration->install();');
        // Somebody has begun, and the extension is away.
        $this->assertSame(array(false, 1, 'made', true), $without->php($look, array('key' => $key)));
        $this->assertTrue($without->php(self::BEGIN . 'try { $plugin->store->idOf("manual", $plugin->ledger->find(1)->appointment); } catch (\TelemedZoom\Site\DatabaseException) { return true; } return false;'));
        $this->assertSame(array(true, null, 'made', true), $this->site->php($look, array('key' => $key)));
    }

    /** @dataProvider failures */
    #[DataProvider('failures')]
    public function testADatabaseThatFailsInTheMiddleLosesNothingAndDoublesNothing(string $failing): void
    {
        $was = $this->site->php(self::BEGIN . '$before->copy($before->made($arguments["start"]), 250); $before->cancel($before->made($arguments["start"]), isDeleted: false);
            $migration->begin(); return [$count($old->meetings()), $count($old->leftovers()), $count($old->log())];', array('start' => self::start()));
        $root = $this->site->database(asRoot: true);
        $seen = $this->site->php(self::BEGIN . $failing . <<<'CODE'
            $failed = 0;
            do {
                try {
                    $ran = $migration->run(30.0);
                } catch (\TelemedZoom\Site\DatabaseException) {
                    $failed++;
                    $between = [$count($old->meetings()) + $count($tables->visits()), $rows("SELECT v.id FROM {$tables->visits()} v JOIN {$old->meetings()} o ON o.id = v.id")];
                    $mend();
                }
            } while (!isset($ran) && $failed < 10);
            return [$failed > 0, $between, $ran['isDone'], $ran['unreadable'], $migration->isUnderWay(), $count($tables->visits()), $count($tables->meetings()), $count($tables->log())];
            CODE, array('root' => $this->site->databaseSocket()));
        $root->close();
        $this->assertSame(array(true, array($was[0], array()), true, array(), false, $was[0], 2, $was[2]), $seen);
    }

    /** @return array<string, array{string}> */
    public static function failures(): array
    {
        $root = '$root = new \mysqli("localhost", "root", "", DB_NAME, 0, $arguments["root"]);';
        return array(
            'the disk is full at one row' => array($root . '
                $root->query("CREATE TRIGGER telemed_full BEFORE INSERT ON {$tables->visits()} FOR EACH ROW BEGIN IF NEW.id = 230 THEN SIGNAL SQLSTATE \'HY000\' SET MYSQL_ERRNO = 1114; END IF; END");
                $mend = static fn () => $root->query("DROP TRIGGER telemed_full");'),
            'its log cannot be written any more' => array($root . '
                $root->query("CREATE TRIGGER telemed_full BEFORE INSERT ON {$tables->log()} FOR EACH ROW BEGIN IF NEW.visit = 252 THEN SIGNAL SQLSTATE \'HY000\' SET MYSQL_ERRNO = 1021; END IF; END");
                $mend = static fn () => $root->query("DROP TRIGGER telemed_full");'),
            'the connection is lost in a transaction, again and again' => array($root . '
                $isCut = true;
                $cut = static function (int $now) use (&$isCut, $root, $plugin): int {
                    static $times = 0;
                    if ($isCut && ++$times % 2 === 0) {
                        $root->query("KILL " . (int) $plugin->database->row("SELECT CONNECTION_ID() AS id")["id"]);
                    }
                    return $now;
                };
                add_filter("telemed_now", $cut);
                $mend = static function () use (&$isCut): void { static $failures = 0; $isCut = ++$failures < 4; };'),
        );
    }

    public function testAMoveToAnotherAppThatWasAskedForGoesOn(): void
    {
        $seen = $this->site->php(self::BEGIN . <<<'CODE'
            $before->change($before->made($arguments['start']), ['state' => 'moving', 'app' => 'formerApp']);
            $before->change($over = $before->made($arguments['start']), ['state' => 'moving', 'app' => 'olderApp', 'end_utc' => '2026-01-01 00:00:00']);
            $is = static fn(\TelemedZoom\Store\Handover $one): array => [$one->app(), $one->answer()?->value];
            return [$plugin->migration->goOn(10.0), array_map($is, $plugin->handovers->all()), $plugin->ledger->find($over)?->app];
            CODE, array('start' => self::start()));
        $this->assertSame(array(true, array(array('formerApp', 'move')), 'olderApp'), $seen);
    }

    public function testTheSecretsOfAppsComeAlongUnopened(): void
    {
        $stored = fn (): array => array(
            $this->site->php('return get_option("telemed_settings")["s2s_client_secret"];'), array_column((array) $this->site->php('return get_option("telemed_former_apps");'), 'client_secret', 'client_id'),
        );
        // A former app, sealed under a key that is lost.
        $this->site->php('update_option("telemed_former_apps", ["oauth||former" => ["mode" => "oauth", "account_id" => "", "client_id" => "former", "client_secret" => "telemed1.lost", "redirect_uri" => "https://clinic.example/"]], false);');
        [$sealed, $former] = $stored();
        $this->assertStringStartsWith('telemed1.', $sealed);
        $this->assertSame(array(FakeZoom::S2S_CLIENT_ID, 'former'), $this->site->php('return array_column(\TelemedZoom\Plugin::instance()->registry->all(), "client");'), 'until then they are read where they are');
        $this->assertTrue($this->site->php(self::BEGIN . 'return $plugin->migration->goOn(10.0);'));
        $apps = array_map(static fn (array $row): array => array_diff_key($row, array('id' => 0)), $this->records()->apps->everything());
        $this->assertSame(array(
            array('mode' => 's2s', 'account' => FakeZoom::ACCOUNT, 'client' => FakeZoom::S2S_CLIENT_ID, 'secret' => $sealed, 'context' => 'option:s2s_client_secret', 'redirect_url' => ''),
            array('mode' => 'oauth', 'account' => '', 'client' => 'former', 'secret' => $former['former'], 'context' => 'option:oauth_client_secret', 'redirect_url' => 'https://clinic.example/'),
        ), $apps);
        $this->assertStringNotContainsString('telemed1.', json_encode($stored(), JSON_THROW_ON_ERROR), 'in one place only');
        $this->make('admin', 'doctor1');
    }

    public function testDoctorsWhoLetGoComeAlongWithTheirFirstMoments(): void
    {
        $seen = $this->site->php(self::BEGIN . <<<'CODE'
            $signals = new \TelemedZoom\Store\Signals($plugin->database);
            // As that version noted them, each of another day.
            foreach (['disconnected:5', 'left:6', 'zoom_user_asked:7', 'zoom_user_asked:8', 'zoom_user_accepted:8', 'zoom_user_ending:9'] as $days => $name) {
                $signals->set($name, gmmktime(9, 0, 0, 10, 1 + $days, 2026));
            }
            $id = $before->made($arguments['start'], ['doctor' => 2]);
            $signals->set('left:2', $now = time());
            $ran = $plugin->migration->goOn(10.0);
            $is = static fn(\TelemedZoom\Store\Handover $one): array => [
                $one->letsGo->value, $one->doctor() ?: $plugin->site->userOf($one->subject()), gmdate('Y-m-d', $one->since()), $one->answer()?->value,
            ];
            $all = $plugin->handovers->all();
            $left = array_filter(['disconnected:', 'left:', 'zoom_user_'], static fn(string $of): bool => $signals->startingWith($of) !== []);
            $due = $rows("SELECT due_at FROM {$tables->visits()} WHERE id = ?", [$id])[0]['due_at'];
            return [$ran, array_map($is, array_slice($all, 0, -1)), end($all)->since() === $now, $left, $due !== null];
            CODE, array('start' => self::start()));
        $this->assertSame(array(true, array(
            array('disconnected', 5, '2026-10-01', 'wait'),
            array('left', 6, '2026-10-02', null),
            array('zoom_user', 7, '2026-10-03', null),
            array('zoom_user', 8, '2026-10-05', 'move'),
            array('zoom_user', 9, '2026-10-06', 'move'),
        ), true, array(), true), $seen);
    }

    public function testADatabaseFromABackupOfBeforeIsMovedOnceMore(): void
    {
        $seen = $this->site->php(self::BEGIN . <<<'CODE'
            $before->copy($before->visit($arguments['start']), 2);
            $plugin->migration->goOn(10.0);
            // What the backup knows of is as it was, and what it knows nothing of has stayed.
            $before->begin(isAll: false);
            $before->copy($before->visit($arguments['start']), 3);
            return [$plugin->migration->goOn(10.0), $plugin->migration->left(), $count($tables->visits()), $plugin->store->idOf('manual', 'copy3')];
            CODE, array('start' => self::start()));
        $this->assertSame(array(true, null, 4, 4), $seen);
    }

    public function testWhereThereIsNothingOfTheOldVersionNothingIsBegun(): void
    {
        $this->assertSame(array(false, false, true, false, null), $this->site->php(self::BEGIN . <<<'CODE'
            $plugin->migration->drop();
            delete_option(\TelemedZoom\Store\Schema::OPTION);
            return [$migration->begin(), $migration->isUnderWay(), $plugin->migration->goOn(1.0), \TelemedZoom\Store\Schema::isMoving(), $plugin->migration->left()];
            CODE));
    }
}
