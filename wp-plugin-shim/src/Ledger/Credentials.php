<?php
/**
 * With what a meeting is made and, from then on, handled: the client and the names that its row keeps.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

defined('ABSPATH') || exit;

final class Credentials
{
    /**
     * @param string  $app         the app's client id
     * @param ?string $zoomAccount the Zoom account, where known
     * @param ?string $connection  the subject of the doctor's connection; null in Server-to-Server mode
     * @param ?string $host        whom to name as host; null in OAuth mode, where it is the doctor
     * @param ?string $hostId      Zoom user id of the host, where known
     */
    public function __construct(
        public readonly \Telemed\Client $client,
        public readonly string $mode,
        public readonly string $app,
        public readonly ?string $zoomAccount,
        public readonly ?string $connection,
        public readonly ?string $host,
        public readonly ?string $hostEmail,
        public readonly ?string $hostId
    ) {
    }

    /**
     * As rows keep them.
     *
     * @return array<string, ?string>
     */
    public function columns(): array
    {
        return [
            'mode' => $this->mode, 'app' => $this->app, 'zoom_account' => $this->zoomAccount,
            'connection' => $this->connection, 'host_id' => $this->hostId, 'host_email' => $this->hostEmail,
        ];
    }

    /**
     * As the extension's second core names what makes a meeting.
     *
     * @return array{mode: string, app: string, account: ?string, subject: ?string, host: string}
     */
    public function maker(): array
    {
        return ['mode' => $this->mode, 'app' => $this->app, 'account' => $this->zoomAccount, 'subject' => $this->connection, 'host' => $this->countedHost()];
    }

    /** Whom Zoom counts the writes of. */
    public function countedHost(): string
    {
        return $this->hostId ?? $this->host ?? (string) $this->connection;
    }
}
