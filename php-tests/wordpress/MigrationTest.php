<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\After;

/** A site that version 0.1.0 has filled comes along whole: no meeting is made twice, no link changes, nobody is told twice or never. */
final class MigrationTest extends ClinicTestCase
{
    private const BEGIN = 'require ' . "'" . __DIR__ . "/Support/VisitWorld.php'" . ';
        $plugin = \TelemedZoom\Plugin::instance();
        $world = new \Telemed\Tests\WordPress\Support\VisitWorld();
        $links = new \TelemedZoom\Store\SealedLinks($plugin->key->vault());
        $old = new \TelemedZoom\Migration\OldTables();
        $migration = new \TelemedZoom\Migration\FromSchema5($plugin->database, $old, $world->tables, $world->visits, $links, $world->moments);
        $rows = static fn (string $sql, array $values = []): array => $plugin->database->rows($sql, $values);';
    private const CREATE = array('method' => 'POST', 'path' => '/v2/users/');

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    /** @after */
    #[After]
    public function dropTables(): void
    {
        $this->site->php(self::BEGIN . '$world->drop(); $old->drop();');
    }

    public function testEveryVisitGoesOnWhereItWas(): void
    {
        $made = $this->make('admin', 'doctor1');
        $cancelled = $this->make('admin', 'doctor1', array('start' => self::start(31)));
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 500, array('code' => 1, 'message' => 'no'), array(), -1);
        $this->browser('admin')->rest('DELETE', "telemed/v1/meetings/{$cancelled['id']}");
        $gone = $this->make('admin', 'doctor1', array('start' => self::start(32)));
        $this->zoom->forgetFaults();
        $this->browser('admin')->rest('DELETE', "telemed/v1/meetings/{$gone['id']}");
        $this->zoom->answer(self::CREATE, 400, array('code' => 300, 'message' => 'no'));
        $refused = $this->booked(array('start' => self::start(33)));
        $this->zoom->fault(self::CREATE, array('kind' => 'close_after_work'));
        $lost = $this->booked(array('start' => self::start(34)));
        $this->forgetOutage();
        $this->assertSame(
            array('made', 'cancelled', 'cancelled', 'due', 'attempting'),
            array_map(fn (array $one): string => $this->row($one['id'])['state'], array($made, $cancelled, $gone, $refused, $lost))
        );
        $keys = array_map(static fn (array $one): string => (string) $one['visit_link'], array($made, $refused));
        $this->zoom->forgetRequests();

        $seen = $this->site->php(self::BEGIN . <<<'CODE'
            $before = $rows('SELECT id, sequence, generation FROM wp_telemed_meetings ORDER BY id');
            $lines = (int) $rows('SELECT COUNT(*) AS n FROM wp_telemed_log')[0]['n'];
            $begun = [$migration->begin(), $migration->begin(), $migration->isUnderWay()];
            $ran = $migration->run(30.0);
            $after = $rows("SELECT id, sequence, generation FROM {$world->tables->visits()} ORDER BY id");
            $now = time() + 7200;
            add_filter('telemed_now', static function () use (&$now): int { return $now; });
            $waiting = $rows("SELECT about, recipient FROM {$world->tables->outbox()} WHERE place = 'waiting'");
            foreach (array_column($after, 'id') as $id) {
                $world->loop->bringOn((int) $id, 30.0);
            }
            $found = array_map(static function (string $link) use ($rows, $world): ?int {
                parse_str((string) parse_url($link, PHP_URL_QUERY), $query);
                $row = $rows("SELECT id, link_key FROM {$world->tables->visits()} WHERE link_hash = ?", [\TelemedZoom\Store\SealedLinks::hash((string) reset($query))])[0] ?? null;
                return $row === null ? null : (int) $row['id'];
            }, $arguments['keys']);
            $clear = array_filter($rows("SELECT * FROM {$world->tables->meetings()}"), static fn(array $row): bool => str_contains((string) json_encode($row), 'zoom.us'));
            return [
                'same' => $before === $after, 'begun' => $begun, 'ran' => $ran, 'under way' => $migration->isUnderWay(), 'waiting' => $waiting, 'found' => $found, 'clear' => count($clear),
                'log' => (int) $rows("SELECT COUNT(*) AS n FROM {$world->tables->log()} WHERE at <= ?", [gmdate('Y-m-d H:i:s')])[0]['n'] === $lines,
                'states' => array_map(static fn(array $row): string => $world->visits->find((int) $row['id'])->state(), $after),
                'new id' => $world->book('another', '+1 week') > max(array_column($before, 'id')),
            ];
            CODE, array('keys' => $keys));
        // Gathered for some minutes, and not true any more by then.
        $failed = array(array('about' => 'failed', 'recipient' => 'staff'), array('about' => 'failed', 'recipient' => 'doctor'));
        $this->assertSame(
            array(
                'same' => true, 'begun' => array(true, true, true), 'ran' => array('moved' => 5, 'unreadable' => array(), 'isDone' => true),
                'under way' => false, 'waiting' => array_merge($failed, $failed), 'found' => array($made['id'], $refused['id']), 'clear' => 0, 'log' => true,
                'states' => array('made', 'cancelled', 'cancelled', 'made', 'made'), 'new id' => true,
            ),
            $seen
        );
        $this->assertCount(3, $this->meetings(), 'the one that was there, the refused one and the one whose answer was lost');
        $this->assertNotNull($this->zoom->meeting($made['meeting_id']));
        $this->assertCount(1, $this->creations(), 'what was there is not made again');
    }

    public function testItIsMovedInPortionsAndWhoeverIsLookedForComesAlong(): void
    {
        $this->make('admin', 'doctor1');
        $seen = $this->site->php(self::BEGIN . <<<'CODE'
            $row = $rows('SELECT * FROM wp_telemed_meetings')[0];
            unset($row['id'], $row['meeting_id']);
            for ($number = 1; $number <= 450; $number++) {
                $copy = ['appointment' => "copy$number", 'visit_key' => md5("key$number"), 'told' => $number === 300 ? 'nobody:knows' : null] + $row;
                $plugin->database->insert('INSERT INTO wp_telemed_meetings (' . implode(', ', array_keys($copy)) . ') VALUES (' . implode(', ', array_fill(0, count($copy), '?')) . ')', array_values($copy));
            }
            // One whose appointment somebody has booked in the new tables would be refused with its whole portion.
            $copy = ['appointment' => 'taken', 'visit_key' => md5('taken')] + $row;
            $plugin->database->insert('INSERT INTO wp_telemed_meetings (' . implode(', ', array_keys($copy)) . ') VALUES (' . implode(', ', array_fill(0, count($copy), '?')) . ')', array_values($copy));
            $migration->begin();
            $world->book('taken', '+1 week');
            $first = $migration->run(0.0);
            $migration->bring('visit_key = ?', [md5('key400')]);
            $migration->bring('source = ? AND appointment = ?', ['manual', 'copy401']);
            $brought = [$world->visits->idOf('manual', 'copy400') !== null, $world->visits->idOf('manual', 'copy401') !== null, $world->visits->idOf('manual', 'copy402')];
            $second = $migration->run(30.0);
            $bad = $second['unreadable'];
            $plugin->database->execute("UPDATE {$old->meetings()} SET told = NULL, appointment = REPLACE(appointment, 'taken', 'free')");
            return [$first, $brought, [$second['moved'], count($bad), $second['isDone']], $migration->isUnderWay(), $migration->run(30.0), $migration->isUnderWay(),
                (int) $rows("SELECT COUNT(*) AS n FROM {$world->tables->visits()}")[0]['n']];
            CODE);
        $this->assertSame(
            array(
                array('moved' => 200, 'unreadable' => array(), 'isDone' => false), array(true, true, null), array(248, 2, true), true,
                array('moved' => 2, 'unreadable' => array(), 'isDone' => true), false, 453,
            ),
            $seen
        );
    }

    public function testWhereThereIsNothingOfTheOldVersionNothingIsBegun(): void
    {
        $this->assertSame(array(false, false), $this->site->php(self::BEGIN . <<<'CODE'
            $nowhere = new \TelemedZoom\Migration\OldTables('nowhere_');
            $migration = new \TelemedZoom\Migration\FromSchema5($plugin->database, $nowhere, $world->tables, $world->visits, $links, $world->moments);
            return [$migration->begin(), $migration->isUnderWay()];
            CODE));
    }
}
