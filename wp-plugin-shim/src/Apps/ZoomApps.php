<?php
/**
 * Who hosts a doctor's visits and with what: the credentials for a new meeting, and those that made one that exists.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Permit;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Listeners;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;

defined('ABSPATH') || exit;

final class ZoomApps
{
    private const CHECK_SECONDS = 60.0;

    /** Who hears what is stored of a doctor's connection, whenever it was looked at; null: there is none. */
    public readonly Listeners $seen;

    public function __construct(
        private Settings $settings,
        private AppOpener $opener,
        private readonly HostMap $hosts,
        private readonly OwnAccounts $ownAccounts,
        private readonly Handovers $handovers,
        private readonly Permit $permit,
        private readonly Site $site
    ) {
        $this->seen = new Listeners();
    }

    /** The same with settings that are not stored, to try them. */
    public function with(Settings $settings): self
    {
        $other = clone $this;
        $other->settings = $settings;
        $other->opener = $this->opener->with($settings);
        return $other;
    }

    /**
     * Where the doctor authorizes, in the app in force.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function authorizationUrl(int $doctor): string
    {
        $request = $this->opener->oauth()->authorizationRequest($this->site->subject($doctor));
        PendingStates::add($doctor, $request);
        update_user_option($doctor, Doctors::META_AUTHORIZING, time());
        return $request->url();
    }

    /**
     * The doctor's connection in the chosen app, without network; null when there is none.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function connection(int $doctor): ?\Telemed\Connection
    {
        $connection = $this->storedConnection($doctor);
        $this->seen->tell($doctor, $connection);
        return $connection;
    }

    /**
     * For a new meeting of this doctor.
     *
     * @throws Problem when nobody can host it
     * @throws \Telemed\TelemedException
     */
    public function forDoctor(int $doctor): Credentials
    {
        [$maker, $connection] = $this->present($doctor);
        $own = $this->ownAccount($doctor);
        return $this->through($maker, match (true) {
            $connection !== null => $connection->zoomEmail(),
            $own !== null => $own['host_email'],
            default => $this->hosts->of($doctor)?->email,
        });
    }

    /**
     * The same where no client is needed: nothing is asked of Zoom.
     *
     * @throws Problem when nobody can host it
     * @throws \Telemed\TelemedException
     */
    public function makerFor(int $doctor): \Telemed\Maker
    {
        [$maker] = $this->present($doctor);
        $this->opener->demandApp($maker);
        return $maker;
    }

    /** Zoom user id of who would host a new meeting of this doctor, without network; null where that cannot be told. */
    public function presentHost(int $doctor): ?string
    {
        try {
            return $this->maker($doctor, $this->needsGrant($doctor) ? $this->storedConnection($doctor) : null)->hostAtZoom();
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            return null;
        }
    }

    /**
     * For a meeting that exists: exactly what made it, whatever the settings say today.
     *
     * @throws Problem when that is gone
     * @throws \Telemed\TelemedException
     */
    public function forMeeting(MeetingRecord $meeting): Credentials
    {
        return $this->thatMade($meeting->maker(), $meeting->hostEmail);
    }

    /**
     * For what was made with these: exactly them, whatever the settings say today.
     *
     * @param array<string, ?string> $maker as \Telemed\Maker::fromColumns() takes it
     * @throws Problem when that is gone
     * @throws \Telemed\TelemedException
     */
    public function thatMade(array $maker, ?string $hostEmail = null): Credentials
    {
        $this->permit->demand();
        return $this->through(\Telemed\Maker::fromColumns($maker), $hostEmail);
    }

    /**
     * Looks at everything that a meeting of this doctor needs. Without a doctor at the account only; in OAuth mode at the app, whose
     * steps end where a doctor's connection is needed.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    public function check(?int $doctor): \Telemed\Diagnosis
    {
        if ($this->settings->hostsAreMapped()) {
            $host = $doctor === null ? null : $this->makerFor($doctor)->namedHost();
            return $this->opener->serverToServer()->client()->within(self::CHECK_SECONDS)->check($host);
        }
        // Nobody has the number 0, and nobody a connection under it.
        $subject = $this->site->subject($doctor ?? 0);
        return $this->opener->oauth()->client($subject)->within(self::CHECK_SECONDS)->check();
    }

    private function storedConnection(int $doctor): ?\Telemed\Connection
    {
        $subject = $this->site->subject($doctor);
        $connection = $this->opener->storedConnection($subject);
        // A grant that is kept only to delete what it made connects nobody.
        return $this->handovers->find(Handover::ofDisconnected($subject, $doctor)) === null ? $connection : null;
    }

    /**
     * Who would host a new meeting of this doctor, and with which connection.
     *
     * @return array{\Telemed\Maker, ?\Telemed\Connection}
     * @throws Problem when nobody can host it
     * @throws \Telemed\TelemedException
     */
    private function present(int $doctor): array
    {
        $this->permit->demand();
        $connection = $this->needsGrant($doctor) ? $this->connection($doctor) : null;
        $maker = $this->maker($doctor, $connection);
        return $maker->problem() === null ? [$maker, $connection] : throw $this->noHost($maker->problem(), $connection);
    }

    /** Who would host a new meeting of this doctor, or why nobody can. */
    private function maker(int $doctor, ?\Telemed\Connection $connection): \Telemed\Maker
    {
        $this->permit->demandExtension();
        $own = $this->ownAccount($doctor);
        $host = $this->hosts->of($doctor);
        return \Telemed\Maker::present([
            'is_doctor' => Capabilities::isDoctor($doctor),
            'mode' => $this->settings->mode()?->value,
            'is_complete' => $this->settings->isComplete(),
            'app' => $this->settings->clientId(),
            'account' => $this->settings->text('s2s_account_id'),
            'subject' => $this->site->subject($doctor),
            'own_app' => $own['client_id'] ?? null,
            'own_account' => $own['account_id'] ?? null,
            'own_host' => $own['host_id'] ?? null,
            'confirmed_account' => $host?->account,
            'confirmed_host' => $host?->id,
            'grant_is_alive' => $connection === null ? null : $connection->status() === 'connected',
            'grant_account' => $connection?->zoomAccountId(),
            'grant_host' => $connection?->zoomUserId(),
        ]);
    }

    /** @return ?array{account_id: string, client_id: string, host_id: string, host_email: ?string} one whose app is stored */
    private function ownAccount(int $doctor): ?array
    {
        return $this->ownAccounts->app($doctor) === null ? null : $this->ownAccounts->of($doctor);
    }

    /**
     * @throws Problem when what the maker needs is gone
     * @throws \Telemed\TelemedException
     */
    private function through(\Telemed\Maker $maker, ?string $hostEmail): Credentials
    {
        try {
            $client = $this->opener->client($maker);
        } catch (\Telemed\TelemedException $failure) {
            throw match ($failure->id()) {
                'not_connected' => $this->noHost('not_connected', null),
                'connection_dead' => $this->noHost('reconnect', null),
                'another_zoom_user' => new Problem(
                    'telemed_other_zoom_user',
                    sprintf(
                        /* translators: %s: e-mail or id of a Zoom user */
                        __('this meeting belongs to the Zoom user %s, and the doctor is now connected as another one', 'telemed-zoom'),
                        $hostEmail ?? (string) $maker->hostAtZoom()
                    ),
                    __('Handle the meeting in Zoom itself, or authorize again with the Zoom user that it belongs to.', 'telemed-zoom'),
                    409
                ),
                default => $failure,
            };
        }
        return new Credentials($client, $maker, $hostEmail);
    }

    private function noHost(string $why, ?\Telemed\Connection $connection): Problem
    {
        $missing = $this->settings->missing();
        [$message, $advice] = match ($why) {
            'not_a_doctor' => [
                __('this user holds no video visits', 'telemed-zoom'),
                __('An administrator gives the user the role Telemed doctor, or the visits to another doctor.', 'telemed-zoom'),
            ],
            'not_set_up' => [
                $this->settings->mode() === null ? __('the clinic has not chosen how it uses Zoom', 'telemed-zoom') : sprintf(
                    /* translators: %s: names of fields */
                    __('the clinic has not entered all that its Zoom app needs: %s', 'telemed-zoom'),
                    implode(', ', array_map([Settings::class, 'label'], $missing))
                ),
                __('An administrator does so under Telemed, Settings.', 'telemed-zoom'),
            ],
            'no_host' => [
                __('no Zoom user of the clinic is confirmed as this doctor\'s host', 'telemed-zoom'),
                __('An administrator confirms one under Telemed, Doctors.', 'telemed-zoom'),
            ],
            'not_connected' => [
                __('this doctor has not connected a Zoom account', 'telemed-zoom'),
                __('The doctor opens their profile on this site and clicks Authorize with Zoom.', 'telemed-zoom'),
            ],
            default => [
                $connection?->reason() === null ? __('this doctor\'s connection to Zoom has ended', 'telemed-zoom') : sprintf(
                    /* translators: %s: the reason */
                    __('this doctor\'s connection to Zoom has ended (%s)', 'telemed-zoom'),
                    (string) $connection->reason()
                ),
                __('The doctor opens their profile on this site and clicks Authorize with Zoom.', 'telemed-zoom'),
            ],
        };
        return new Problem("telemed_$why", $message, $advice, 409);
    }

    /** Whether a grant of the doctor's own tells who hosts. */
    private function needsGrant(int $doctor): bool
    {
        return $this->settings->doctorsConnect() && $this->settings->isComplete() && Capabilities::isDoctor($doctor);
    }
}
