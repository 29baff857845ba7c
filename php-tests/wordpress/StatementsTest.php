<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** What a booking asks of the database on the plugin's own connection: that database may be far away. */
final class StatementsTest extends ClinicTestCase
{
    /** Counted; whoever needs more says what for. */
    private const OF_A_BOOKING = 34;

    private \mysqli $root;

    protected function setUp(): void
    {
        parent::setUp();
        $this->root = $this->site->database(asRoot: true);
        $this->root->query("SET GLOBAL log_output = 'TABLE'");
    }

    protected function tearDown(): void
    {
        $this->root->query('SET GLOBAL general_log = OFF');
        $this->root->query('TRUNCATE mysql.general_log');
        $this->root->close();
    }

    /** With its meeting, and the e-mail to the doctor. */
    public function testABookingAsksNoMoreThanWasCounted(): void
    {
        $this->useServerToServerWithHosts();
        // The first of a host's day has a counter to make.
        $this->make('admin', 'doctor1', array('start' => self::start(3)));
        $this->site->awaitRequests();
        $before = count($this->site->mails());
        $this->root->query('TRUNCATE mysql.general_log');
        $this->root->query('SET GLOBAL general_log = ON');
        $this->make('admin', 'doctor1', array('start' => self::start(4)));
        $this->site->awaitRequests();
        $this->root->query('SET GLOBAL general_log = OFF');
        $this->assertCount($before + 1, $this->site->mails());
        $statements = $this->ofOwnConnection();
        $this->assertGreaterThan(20, count($statements));
        $this->assertLessThanOrEqual(self::OF_A_BOOKING, count($statements), implode("\n", $statements));
    }

    /** @return list<string> those of the connections that have made the visit, in their order */
    private function ofOwnConnection(): array
    {
        return array_column($this->root->query(
            "SELECT LEFT(CONVERT(argument USING utf8mb4), 120) AS statement FROM mysql.general_log
             WHERE command_type IN ('Execute', 'Query') AND thread_id IN (
                 SELECT thread_id FROM mysql.general_log WHERE command_type = 'Execute' AND argument LIKE 'INSERT INTO wp\\_telemed\\_visits%'
             ) ORDER BY event_time"
        )->fetch_all(MYSQLI_ASSOC), 'statement');
    }
}
