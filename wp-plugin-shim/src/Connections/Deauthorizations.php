<?php
/**
 * Forgets the connection of a doctor who has removed the app at Zoom. Zoom wants an answer within three seconds; a connection that
 * is in use is locked for longer, and mails take their time. So the fact is written down first, carried out after the answer where
 * the lock is free, and else by the worker. A grant beside the connection is forgotten at once, and else when Zoom sends it again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Signals;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Work\AfterRequest;

defined('ABSPATH') || exit;

final class Deauthorizations
{
    /** Signals are named after it, the doctor and a hash of the app; their moment is when Zoom said so. */
    private const SIGNAL = 'deauthorized:';
    /** Seconds to wait for whoever uses a grant: after the answer, while Zoom waits for it, and in the worker. */
    private const NO_PATIENCE = 0.0;
    private const LITTLE_PATIENCE = 1.0;
    private const PATIENCE = 5.0;

    public function __construct(
        private readonly Signals $signals,
        private readonly AppOpener $opener,
        private readonly Site $site,
        private readonly VisitStore $store,
        private readonly ConnectionMails $mails,
        private readonly AfterRequest $afterRequest
    ) {
    }

    /**
     * Zoom says that this user has removed the app. Written down when it returns.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function note(string $client, string $zoomUser, \DateTimeImmutable $sentAt): void
    {
        if (!in_array($client, $this->opener->oauthClients(), true)) {
            return;
        }
        $app = $this->opener->oauthOf($client, self::LITTLE_PATIENCE);
        $subject = $app->subjectOf($zoomUser);
        $doctor = $subject === null ? null : $this->site->userOf($subject);
        if ($doctor !== null) {
            $signal = self::SIGNAL . $doctor . ':' . self::short($client);
            $this->signals->set($signal, $sentAt->getTimestamp());
            // Where it cannot be done then, as where somebody uses the connection, the worker does it.
            $at = $sentAt->getTimestamp();
            $this->afterRequest->later(fn() => $this->carryOutOne($signal, $doctor, $client, $at, self::NO_PATIENCE));
        }
        // Whoever was asked or asked to move visits is told by what becomes of those.
        foreach ($this->opener->tokenStore()->subjectsOfOtherGrants() as $beside) {
            $app->forgetBeside($beside, $zoomUser, $sentAt);
        }
    }

    /**
     * What could not be done at once.
     *
     * @throws DatabaseException
     */
    public function carryOut(): void
    {
        foreach ($this->signals->startingWith(self::SIGNAL) as $signal => $sentAt) {
            [, $doctor, $short] = explode(':', $signal);
            $client = $this->clientOf($short);
            if ($client === null) {
                // The app's secret is not stored any more, and without it no process can use what is left.
                $this->signals->clear($signal);
                continue;
            }
            try {
                $this->carryOutOne($signal, (int) $doctor, $client, $sentAt, self::PATIENCE);
            } catch (Problem | \Telemed\TelemedException) {
                // The next run tries again.
                continue;
            }
        }
    }

    /** @throws Problem|DatabaseException|\Telemed\TelemedException */
    private function carryOutOne(string $signal, int $doctor, string $client, int $sentAt, float $patience): void
    {
        $subject = $this->site->subject($doctor);
        $isForgotten = $this->opener->oauthOf($client, $patience)->forget($subject, new \DateTimeImmutable('@' . $sentAt));
        if ($isForgotten) {
            // Bookings go on, and are due until the doctor connects again.
            $this->store->forgetHostEmail($subject);
        }
        // Of processes at the same moment one tells. Who has connected again since needs not be told.
        if ($this->signals->clear($signal) && $isForgotten) {
            $this->mails->deauthorized($doctor);
        }
    }

    private function clientOf(string $short): ?string
    {
        foreach ($this->opener->oauthClients() as $client) {
            if (self::short($client) === $short) {
                return $client;
            }
        }
        return null;
    }

    /** The name of a signal has no room for every client id. */
    private static function short(string $client): string
    {
        return substr(hash('sha256', $client), 0, 16);
    }
}
