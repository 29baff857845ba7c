<?php

declare(strict_types=1);

namespace Telemed\Tests\Adapter;

use Telemed\Tests\Site;

/** The example of docs/adapters.md, as a plugin of the site. */
final class ExampleFixture implements AdapterFixture
{
    public const PLUGIN = __DIR__ . '/example-appointments.php';
    private const TABLES = array(
        'example_appointments' => 'doctor bigint NOT NULL, start_utc datetime NOT NULL, email varchar(100) NOT NULL, is_off tinyint NOT NULL',
        'example_mails' => 'appointment bigint NOT NULL, is_off tinyint NOT NULL, doctor bigint NOT NULL, sequence bigint NOT NULL',
    );

    private Site $site;

    public function install(Site $site): void
    {
        $this->site = $site;
        copy(self::PLUGIN, $this->place());
        $database = $site->database();
        foreach (self::TABLES as $table => $columns) {
            $database->query("DROP TABLE IF EXISTS {$table}");
            $database->query("CREATE TABLE {$table} (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, {$columns}) ENGINE=InnoDB");
        }
        $database->close();
    }

    public function uninstall(): void
    {
        unlink($this->place());
        $database = $this->site->database();
        $database->query('DROP TABLE ' . implode(', ', array_keys(self::TABLES)));
        $database->close();
    }

    public function source(): string
    {
        return 'example';
    }

    public function patient(): string
    {
        return 'pat@patients.example';
    }

    public function book(int $start): string
    {
        return (string) $this->inside('return $system->atomically(fn () => $system->book(get_user_by("login", "doctor1")->ID, $start, $arguments["patient"]));', $start);
    }

    public function bookAndRollBack(int $start): void
    {
        $this->rolledBack('$system->book(get_user_by("login", "doctor1")->ID, $start, $arguments["patient"]);', $start);
    }

    public function move(string $appointment, int $start): void
    {
        $this->inside('$system->atomically(fn () => $system->move($id, $start));', $start, $appointment);
    }

    public function cancel(string $appointment): void
    {
        $this->inside('$system->atomically(fn () => $system->cancel($id));', 0, $appointment);
    }

    public function deleteWithoutHook(string $appointment): void
    {
        $database = $this->site->database();
        $database->query('DELETE FROM example_appointments WHERE id = ' . (int) $appointment);
        $database->close();
    }

    public function mailsElsewhere(string $address): int
    {
        return 0;
    }

    /** Does something in a transaction in which the payment fails then. */
    public function rolledBack(string $code, int $start = 0, string $appointment = ''): void
    {
        $this->inside(
            'try {
                $system->atomically(static function () use ($system, $start, $id, $arguments): void {' . $code . 'throw new \RuntimeException("the payment failed"); });
            } catch (\RuntimeException) {
                return;
            }',
            $start,
            $appointment
        );
    }

    private function inside(string $code, int $start, string $appointment = ''): mixed
    {
        return $this->site->php(
            '$system = new \Example\Appointments(); $start = gmdate("Y-m-d H:i:s", $arguments["start"]); $id = (int) $arguments["appointment"];' . $code,
            array('start' => $start, 'appointment' => $appointment, 'patient' => $this->patient())
        );
    }

    private function place(): string
    {
        return $this->site->wordpress() . '/wp-content/mu-plugins/example-appointments.php';
    }
}
