<?php
/**
 * No connection dies silently: whoever comes across a dead one, or one that ends soon, has it told to those who can mend it. The
 * extension says what is new of it. Once something is mended, the visits that waited for it go on.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Permit;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\VisitQueue;

defined('ABSPATH') || exit;

final class ConnectionWatch
{
    public function __construct(
        private readonly ZoomApps $apps,
        private readonly ConnectionMails $mails,
        private readonly VisitQueue $queue,
        private readonly Handovers $handovers,
        private readonly Permit $permit
    ) {
    }

    public function register(): void
    {
        $this->apps->seen->add($this->see(...));
        add_action('telemed_doctor_connected', [$this, 'mended']);
        add_action(Hooks::RUN, [$this, 'tellGathered'], 20);
        // Whatever a person has mended, what waited for it need not wait longer.
        foreach ([Settings::OPTION, EncryptionKey::OPTION_KNOWN] as $option) {
            add_action("update_option_$option", fn() => $this->wake(null), 10, 0);
        }
    }

    /** What is stored of a doctor's connection was looked at. */
    public function see(int $doctor, ?\Telemed\Connection $connection): void
    {
        if (!$this->permit->isGiven()) {
            return;
        }
        match (\Telemed\Connection::news($connection, ConnectionMails::isTold($doctor))) {
            'ended' => $this->mails->tell($doctor, (string) $connection->reason(), $connection->since(), null),
            'ends_soon' => $this->mails->tell($doctor, (string) $connection->reason(), null, $connection->until()),
            'mended' => $this->mended($doctor),
            null => null,
        };
    }

    public function mended(int $doctor): void
    {
        ConnectionMails::forget($doctor);
        $this->wake($doctor);
    }

    /** @param ?int $doctor null: everybody's */
    public function wake(?int $doctor): void
    {
        try {
            $this->queue->wake($doctor, Clock::sql());
            $this->handovers->wake($doctor);
        } catch (DatabaseException) {
            // They are tried at their own time.
            return;
        }
    }

    public function tellGathered(): void
    {
        if ($this->permit->isGiven()) {
            $this->mails->tellGathered();
        }
    }
}
