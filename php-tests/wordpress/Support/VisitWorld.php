<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress\Support;

use Telemed\Client;
use Telemed\ServerToServerApp;
use Telemed\Visit;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Run\NoticeSender;
use TelemedZoom\Mail\VisitMailer;
use TelemedZoom\Mail\WaitingMails;
use TelemedZoom\Plugin;
use TelemedZoom\Run\SiteMoments;
use TelemedZoom\Run\VisitLoop;
use TelemedZoom\Run\World;
use TelemedZoom\Run\ZoomExchange;
use TelemedZoom\Store\Counters;
use TelemedZoom\Store\Outages;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Ledger\VisitRecords;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Store\VisitTables;

/**
 * Visits of the clinic's account, within the site: tables of their own beside today's, and a world that a test can change. Its
 * visits are what they say of themselves unless the test says otherwise.
 */
final class VisitWorld implements World
{
    public const PREFIX = 'telemed_next_';
    private const ACCOUNT = 'Ab12cDefGhIjKlMnOpQrSt';
    private const APP = 's2sCliEnTiDeXaMpLe0123';
    private const SECRET = 's2sSeCrEtExAmPlE0123456789abcdef';

    public readonly VisitTables $tables;
    public readonly VisitStore $visits;
    public readonly Counters $counters;
    public readonly Outages $outages;
    public readonly VisitLoop $loop;
    public readonly SiteMoments $moments;
    public readonly VisitRecords $records;
    public readonly NoticeSender $sender;
    /** @var ?array<string, mixed> what nobody can host for, or null */
    public ?array $problem = null;
    /** @var array<string, mixed>|false|null what the appointment system says; null: no such appointment; false: what the visit says */
    public array|false|null $standing = false;
    public string $host = 'dR0hOsTiD1exAmple_Zo-m';
    /** Runs before Zoom is asked. */
    public ?\Closure $beforeZoom = null;

    /** @param array<string, int|bool> $policies */
    public function __construct(array $policies = array())
    {
        $plugin = Plugin::instance();
        $database = $plugin->database;
        $this->tables = new VisitTables(self::PREFIX);
        $this->counters = new Counters($database, $this->tables);
        $this->outages = new Outages($database, $this->tables);
        $links = new SealedLinks($plugin->key->vault(...));
        $this->visits = new VisitStore($database, $this->tables, $this->counters, $this->outages, $links);
        $this->moments = new SiteMoments($plugin->site, static fn (): array => $policies);
        $this->records = new VisitRecords($database, $this->tables, $links);
        $log = new MeetingLog($database, $this->tables);
        $mailer = new VisitMailer($plugin->sources, $log, $plugin->settings, $plugin->site, $plugin->limits);
        $this->sender = new NoticeSender($this->visits, $this->records, $mailer, new WaitingMails($database, $this->tables), $log, $this->moments, $plugin->guard);
        $this->loop = new VisitLoop($database, $this->visits, $this->counters, $this->outages, $this, new ZoomExchange($this->visits, $this), $this->moments);
    }

    /** Makes the tables anew. */
    public function begin(): void
    {
        global $wpdb;
        $this->drop();
        require_once ABSPATH . 'wp-admin/includes/upgrade.php';
        foreach ($this->tables->statements('ENGINE=InnoDB ' . $wpdb->get_charset_collate()) as $statement) {
            $wpdb->query(rtrim($statement, ';'));
        }
    }

    public function drop(): void
    {
        global $wpdb;
        foreach ($this->tables->all() as $table) {
            $wpdb->query("DROP TABLE IF EXISTS `$table`");
        }
    }

    /**
     * A visit of this site's own, which stands as soon as it is written.
     *
     * @param array<string, int|string|null> $people the columns of the patient
     */
    public function book(string $appointment, string $start, bool $isSettled = true, array $people = array(), int $doctor = 5): int
    {
        $at = $this->moments->now();
        $visit = Visit::booked('manual', $appointment, $doctor, self::slot($start), $at);
        return $this->visits->add($isSettled ? $visit->settled($at) : $visit, $people, $at)->id();
    }

    /** @return array<string, mixed> */
    public static function slot(string $start): array
    {
        return array(
            'start_utc' => (new \DateTimeImmutable($start))->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d H:i:s'),
            'minutes' => 30,
            'timezone' => 'Europe/Berlin',
            'topic' => 'Video visit 1A2B3C',
        );
    }

    /** The visit's meetings were made by an app that this site knows nothing of. */
    public function makeForeign(int $visit): void
    {
        Plugin::instance()->database->execute('UPDATE ' . $this->tables->meetings() . " SET app = 'another' WHERE visit = ?", array($visit));
    }

    /** @return array<string, mixed> the row of the visit's newest meeting, as it is stored */
    public function meeting(int $visit): array
    {
        $row = Plugin::instance()->database->row('SELECT * FROM ' . $this->tables->meetings() . ' WHERE visit = ? ORDER BY generation DESC LIMIT 1', array($visit));
        return $row ?? array();
    }

    public function standing(Visit $visit): array|false|null
    {
        return false === $this->standing ? $visit->ownStanding() : $this->standing;
    }

    public function facts(Visit $visit): array
    {
        if (null !== $this->problem) {
            return array('problem' => $this->problem);
        }
        $maker = array('mode' => 's2s', 'app' => self::APP, 'account' => self::ACCOUNT, 'subject' => null, 'host' => $this->host);
        return array('maker' => $maker, 'patient' => 'anna@example.org');
    }

    public function client(array $maker): Client
    {
        $plugin = Plugin::instance();
        if (null !== $this->beforeZoom) {
            ($this->beforeZoom)();
        }
        $app = new ServerToServerApp((string) $maker['account'], (string) $maker['app'], self::SECRET, new \TelemedZoom\Store\TokenStore($plugin->database), $plugin->key->vault());
        return $app->client();
    }

    public function settings(): array
    {
        return array();
    }
}
