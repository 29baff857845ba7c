<?php
/**
 * Makes, moves, cancels and starts meetings: the ledger before and after, the extension in between. Used by the screens and
 * by REST; who may do what is asked there.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Meetings
{
    /** Visits made here and not in an appointment system. */
    public const SOURCE_MANUAL = 'manual';

    public function __construct(
        private readonly Ledger $ledger,
        private readonly ZoomApps $apps,
        private readonly Site $site
    ) {
    }

    /**
     * Makes one meeting. Whatever goes wrong after the row was written is written into it; the exception is thrown on, or
     * telemed_uncertain where the meeting may exist all the same: nobody may read that as "try again".
     *
     * @param string $appointment its name within the source; the same one is made only once
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function create(int $doctor, Visit $visit, string $source = self::SOURCE_MANUAL, ?string $appointment = null): MeetingRecord
    {
        if (!Capabilities::isDoctor($doctor)) {
            throw new Problem('telemed_not_a_doctor', __('this user holds no video visits', 'telemed-zoom'), __('Give the user the role Telemed doctor first.', 'telemed-zoom'));
        }
        $appointment ??= wp_generate_uuid4();
        $credentials = $this->apps->forDoctor($doctor);
        $request = $visit->request($credentials->host, $this->site->reference($source, $appointment));
        $record = $this->ledger->plan($source, $appointment, $doctor, $visit, $credentials);
        return $this->attempt($record, $credentials, $request);
    }

    /**
     * Moves a meeting or changes its length, zone or topic; what is null stays.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function change(int $id, ?\DateTimeInterface $start, ?int $minutes, ?string $timezone, ?string $topic): MeetingRecord
    {
        return $this->ledger->exclusively($id, function (MeetingRecord $record) use ($start, $minutes, $timezone, $topic): MeetingRecord {
            if (!$record->isReady()) {
                throw new Problem(
                    'telemed_wrong_state',
                    __('there is no meeting at Zoom to change', 'telemed-zoom'),
                    $record->state === MeetingState::Uncertain
                        ? __('It is uncertain whether Zoom made it. Cancel it here, look in Zoom, and make a new one.', 'telemed-zoom')
                        : __('Make a new one.', 'telemed-zoom'),
                    409
                );
            }
            $visit = Visit::of($start ?? $record->start, $minutes ?? $record->minutes, $timezone ?? $record->timezone, $topic ?? $record->topic);
            $credentials = $this->apps->forMeeting($record);
            $request = $visit->request($credentials->host, $this->site->reference($record->source, $record->appointment));
            try {
                $meeting = $credentials->client->updateMeeting((int) $record->meetingId, $request);
            } catch (\Telemed\TelemedException $failure) {
                $this->ledger->noteError($record, ErrorText::of($failure), $failure->trackingId);
                throw $failure;
            }
            return $this->ledger->move($record, MeetingState::Made, self::known($meeting, $visit, $credentials));
        });
    }

    /**
     * Cancels a meeting at Zoom, through what made it. Cancelling twice is no error.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function cancel(int $id): MeetingRecord
    {
        $this->ledger->settleAbandoned();
        return $this->ledger->exclusively($id, function (MeetingRecord $record): MeetingRecord {
            if ($record->state === MeetingState::Cancelled) {
                return $record;
            }
            $left = null;
            if ($record->isReady()) {
                try {
                    $this->apps->forMeeting($record)->client->deleteMeeting((int) $record->meetingId);
                } catch (Problem | \Telemed\TelemedException $failure) {
                    $this->ledger->noteError($record, ErrorText::of($failure), $failure instanceof \Telemed\TelemedException ? $failure->trackingId : null);
                    throw $failure;
                }
            } elseif ($record->state === MeetingState::Uncertain) {
                $left = __('It was uncertain whether Zoom had made this meeting: look in Zoom at this time and delete it there.', 'telemed-zoom');
            }
            return $this->ledger->move($record, MeetingState::Cancelled, ['join_url' => null, 'passcode' => null, 'last_error' => $left]);
        });
    }

    /**
     * A fresh start URL. It logs in as the host: it goes to the browser at once and nowhere else.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function startUrl(MeetingRecord $record): string
    {
        if (!$record->isReady()) {
            throw new Problem('telemed_wrong_state', __('there is no meeting at Zoom to start', 'telemed-zoom'), '', 409);
        }
        return $this->apps->forMeeting($record)->client->startUrl((int) $record->meetingId);
    }

    private function attempt(MeetingRecord $record, Credentials $credentials, \Telemed\MeetingRequest $request): MeetingRecord
    {
        $record = $this->ledger->move($record, MeetingState::Attempting);
        try {
            $meeting = $credentials->client->createMeeting($request);
        } catch (\Telemed\TelemedException $failure) {
            $said = $failure->maybeDelivered ? self::uncertain($failure) : $failure;
            $this->ledger->move(
                $record,
                $failure->maybeDelivered ? MeetingState::Uncertain : MeetingState::Failed,
                ['last_error' => ErrorText::of($said), 'tracking_id' => $failure->trackingId]
            );
            throw $said;
        }
        $changes = self::known($meeting, null, $credentials);
        try {
            return $this->ledger->move($record, MeetingState::Made, $changes);
        } catch (DatabaseException) {
            // The meeting exists and the row does not know it: once more, else the meeting goes.
            return $this->recordOrDelete($record, $credentials, $meeting, $changes);
        }
    }

    private static function uncertain(\Telemed\TelemedException $failure): Problem
    {
        return new Problem(
            'telemed_uncertain',
            $failure->getMessage(),
            __('It is uncertain whether Zoom made the meeting: look in Zoom at this time before you make another one.', 'telemed-zoom'),
            502,
            $failure
        );
    }

    /** @param array<string, int|string|null> $changes */
    private function recordOrDelete(MeetingRecord $record, Credentials $credentials, \Telemed\Meeting $meeting, #[\SensitiveParameter] array $changes): MeetingRecord
    {
        try {
            $now = $this->ledger->demand($record->id);
            return $now->state === MeetingState::Made ? $now : $this->ledger->move($now, MeetingState::Made, $changes);
        } catch (DatabaseException $failure) {
            $credentials->client->deleteMeeting($meeting->id());
            throw $failure;
        }
    }

    /**
     * What the row keeps of Zoom's answer. Times and topic are those that were asked for: the extension has compared them.
     *
     * @return array<string, int|string|null>
     */
    private static function known(\Telemed\Meeting $meeting, ?Visit $visit, Credentials $credentials): array
    {
        $asked = $visit === null ? [] : Ledger::times($visit) + ['timezone' => $visit->timezone, 'topic' => $visit->topic];
        return $asked + [
            'host_id' => $meeting->hostId() ?? $credentials->host,
            'host_email' => $meeting->hostEmail() ?? $credentials->hostEmail,
            'meeting_id' => $meeting->id(),
            'uuid' => $meeting->uuid(),
            'join_url' => $meeting->joinUrl(),
            'passcode' => $meeting->passcode(),
            'overridden' => wp_json_encode($meeting->overridden()),
            'last_error' => null,
            'tracking_id' => $credentials->client->lastTrackingId(),
        ];
    }
}
