<?php

/**
 * The life of a visit, as the extension's second core decides it: for IDEs and analysers. The extension brings these classes itself.
 *
 * Nothing here reads a clock, a database or Zoom: rows come in, changes and steps go out. `docs/visit.md` shows the loop.
 *
 * A row is an array of texts by column, null for NULL. Moments are 'Y-m-d H:i:s' in UTC. A slot is an array with `start_utc`,
 * `minutes`, `timezone` and `topic`. What stands is an array with `takes_place`, `doctor`, `start_utc`, `minutes`, `timezone` and
 * `mails`, a list of arrays with `is_off`, `doctor` and `sequence`: the e-mails that the appointment system has sent by itself.
 *
 * @package telemed
 */

declare(strict_types=1);

namespace Telemed;

/**
 * A visit. It is never changed: each input gives another one, and changes() says what has to be written.
 *
 * Every method that reads an array throws a ConfigurationException when it does not have the right form.
 */
final class Visit
{
    private function __construct()
    {
    }

    /**
     * A visit that is wanted and not stored yet.
     *
     * @param string $source the appointment system's name, and
     * @param string $appointment the appointment's name there; without a colon
     * @param int $doctor a WordPress user
     * @param array<string, mixed> $slot
     * @throws ConfigurationException
     */
    public static function booked(string $source, string $appointment, int $doctor, array $slot, Moment $at): Visit
    {
    }

    /**
     * A visit as it is stored.
     *
     * @param array<string, mixed> $visit its row
     * @param list<array<string, mixed>> $meetings its meetings that are not done; join link and passcode in clear
     * @param list<array<string, mixed>> $notices its notices that wait or are being sent
     * @throws ConfigurationException
     */
    public static function fromRows(#[\SensitiveParameter] array $visit, #[\SensitiveParameter] array $meetings, array $notices): Visit
    {
    }

    /**
     * A visit as version 0.1.0 of the plugin kept it (schema 5): all of rows() has to be written.
     *
     * @param array<string, mixed> $row of `telemed_meetings`
     * @param list<array<string, mixed>> $leftovers its rows of `telemed_leftovers`
     * @param list<array<string, mixed>> $log its lines of `telemed_log` about e-mails ('mailing', 'warning', 'mailed',
     *                                        'told_by_source'), the oldest first
     * @param int $mailsNoted so many e-mails of its own the appointment system has noted
     * @throws ConfigurationException
     */
    public static function fromSchema5(#[\SensitiveParameter] array $row, array $leftovers, array $log, int $mailsNoted, Moment $at): Visit
    {
    }

    /**
     * It takes place with this doctor in this slot, whatever it was before.
     *
     * @param array<string, mixed> $slot
     * @throws ConfigurationException
     */
    public function book(int $doctor, array $slot, Moment $at): Visit
    {
    }

    /**
     * Another slot. What is off stays off.
     *
     * @param array<string, mixed> $slot
     * @throws ConfigurationException
     */
    public function reschedule(array $slot, Moment $at): Visit
    {
    }

    /**
     * Another doctor. What is off stays off.
     *
     * @throws ConfigurationException
     */
    public function reassign(int $doctor, Moment $at): Visit
    {
    }

    /** It is off. */
    public function cancel(Moment $at): Visit
    {
    }

    /** Another meeting for the same visit; the one before goes. */
    public function recreate(Moment $at): Visit
    {
    }

    /**
     * Holds the visit against what its appointment system says now.
     *
     * @param ?array<string, mixed> $standing null when there is no such appointment
     * @param bool $isFinal whether the transaction of the last wish is over
     * @throws ConfigurationException
     */
    public function confirm(?array $standing, bool $isFinal, Moment $at): Visit
    {
    }

    /** What was wished stands: it was made on this site's own screens. */
    public function settled(Moment $at): Visit
    {
    }

    /**
     * What comes next.
     *
     * @param array<string, mixed> $facts either `maker` (`mode`, `app`, `account`, `subject`, `host`) or `problem` (`id`, `passes`,
     *                                    `parameters`); `outage` (when Zoom was last tried in it), `is_awaited`, `handovers` (a
     *                                    list), `can` (the answers to them that this site can carry out for the visit: 'doctor',
     *                                    'cancel'), `used` (by the keys that a step asks for: `writes` and `blocked_until` of the
     *                                    day), `patient` (a key)
     * @throws ConfigurationException
     */
    public function next(array $facts, Moment $at): Step
    {
    }

    /** What has to be written before the step is carried out; null when the visit is another by now. */
    public function begun(Step $step, Moment $at): ?Visit
    {
    }

    /**
     * What has to be written after it.
     *
     * @throws ConfigurationException when the step is no exchange
     */
    public function after(Step $step, Outcome $outcome, Moment $at): Visit
    {
    }

    /**
     * One of its meetings was seen at Zoom.
     *
     * @param ?Meeting $seen null: it is gone
     * @param bool $isInItsPlace whether the known one is gone and this one bears its marker
     * @param ?list<string> $overridden the settings that are not as they should be; null: as the meeting says
     * @throws ConfigurationException
     */
    public function observed(int $generation, ?Meeting $seen, Moment $at, bool $isInItsPlace = false, ?array $overridden = null): Visit
    {
    }

    /** The meeting of this number is gone at Zoom. */
    public function gone(int $number, Moment $at): Visit
    {
    }

    /**
     * What a comparison has found, after a second look at the meeting alone.
     *
     * @param array<string, mixed> $finding as Comparison::findings() gives it
     * @param array<string, mixed> $of the row of the meeting, as it was read right before that look
     * @param ?Meeting $seen the first that is there of the numbers that Comparison::looksUp() names
     * @return ?Visit null: nothing comes of it
     * @throws ConfigurationException
     */
    public function compared(Comparison $comparison, array $finding, #[\SensitiveParameter] array $of, ?Meeting $seen, Moment $at): ?Visit
    {
    }

    /**
     * Whether a meeting that a person has found can be the uncertain one.
     *
     * @param bool $isTaken whether another visit knows it by its number
     * @return string 'fits', 'not_sought' (nothing is uncertain any more), 'another_host', 'another_visit', 'another_start' (but near) or
     *                'far'
     */
    public function fit(Meeting $found, bool $isTaken): string
    {
    }

    /**
     * What is done for somebody who is on the way into a visit.
     *
     * @param array<string, mixed> $onTheWay `state`, `is_ready` (there is a meeting to join), `has_failed` (something stood in the way of
     *                                       the last try), `changed_at`, `looked_at` (when the meeting was last looked at for somebody),
     *                                       `is_outage`
     * @return string 'try' (what is not there yet), 'look' (at its meeting) or 'as_known'
     * @throws ConfigurationException
     */
    public static function entry(array $onTheWay, Moment $at): string
    {
    }

    /**
     * Whether the appointment system says otherwise. Both as confirm() takes what stands.
     *
     * @param array<string, mixed> $own
     * @param array<string, mixed> $stands
     * @throws ConfigurationException
     */
    public static function isContradicted(array $own, array $stands): bool
    {
    }

    /** A person has looked: this is the uncertain meeting; null: there is none. */
    public function resolved(?Meeting $found, Moment $at): Visit
    {
    }

    /**
     * Another plugin has made a meeting for this visit: it serves from now on. One that has a meeting, or is off, stays as it is.
     *
     * @param array<string, int|string|null> $meeting `mode`, `app`, `account`, `subject` and `host` of its maker, as next() takes
     *                                                them; `number`, `uuid`, `join_url`, `passcode`
     * @throws ConfigurationException
     */
    public function withMeeting(#[\SensitiveParameter] array $meeting, Moment $at): Visit
    {
    }

    /** The grant of this subject has ended: what nobody wants of its meetings stays at Zoom. */
    public function abandoned(string $subject): Visit
    {
    }

    /** Whether it overlaps with another visit of its host. */
    public function overlaps(bool $overlaps, Moment $at): Visit
    {
    }

    /** Somebody has mended what only a person could mend. */
    public function woken(): Visit
    {
    }

    /** This site is a copy of another. */
    public function copied(Moment $at): Visit
    {
    }

    /** The database has come back from a backup. */
    public function backFromBackup(Moment $at): Visit
    {
    }

    /** Takes a due notice on: afterwards says() tells what it says, and delivered() has to be told what became of it. */
    public function send(int $notice, Moment $at): Visit
    {
    }

    /**
     * @return ?array<string, ?string> the notice's row, right after send() has taken it on, and `is_urgent`: whether a try that fails is
     *                                 one too many; else null: it is not true any more, has to wait, or somebody else is sending it
     */
    public function says(int $notice): ?array
    {
    }

    /**
     * What became of a notice.
     *
     * @param string $fate 'sent', 'refused', 'no_recipient' or 'held_back'
     * @param ?\DateTimeInterface $until with 'held_back': until when
     * @throws ConfigurationException
     */
    public function delivered(int $notice, string $fate, ?\DateTimeInterface $until, Moment $at): Visit
    {
    }

    /** @return list<int> the numbers of its notices that are due, the oldest first */
    public function dueNotices(Moment $at): array
    {
    }

    /**
     * The visit as it is once its changes are written, as if it were read again.
     *
     * @return ?Visit null: it has notices that get their numbers only when they are written, or it is forgotten
     */
    public function written(): ?Visit
    {
    }

    /** 'due', 'attempting', 'made', 'updating', 'moving', 'uncertain', 'cancelled' or 'missed'. */
    public function state(): string
    {
    }

    public function version(): int
    {
    }

    /** The appointment system's name. */
    public function source(): string
    {
    }

    /** The appointment's name there. */
    public function appointment(): string
    {
    }

    public function doctor(): int
    {
    }

    /** Whether next() has to know who or what lets go of meetings. `$canHost`: whether anybody can host the visit now. */
    public function mayBeHandedOver(bool $canHost): bool
    {
    }

    /** @return array<string, ?string> what the visit says of itself, as what stands */
    public function ownStanding(): array
    {
    }

    /**
     * What the visit link shows. Confidential.
     *
     * @param ?array<string, mixed> $standing what the appointment system says now
     * @return array{door: string, opens?: string, join_url?: string, passcode?: ?string} the door is 'unknown', 'cancelled', 'over',
     *                                                                                 'early' (until `opens`), 'not_ready' or 'open'
     * @throws ConfigurationException
     */
    public function link(?array $standing, Moment $at): array
    {
    }

    /**
     * The visit with all that hangs on it, whether or not it has changed; links in clear.
     *
     * @return array{visit: array<string, ?string>, meetings: list<array<string, ?string>>, notices: list<array<string, ?string>>}
     */
    public function rows(Moment $at): array
    {
    }

    /**
     * What has to be written, in one transaction.
     *
     * `forgets`: the visit goes, with all that hangs on it. `visit`: its row. `meetings`: rows, by generation; their links in clear.
     * `notices`: rows of the outbox; a new one has the id 0. `log`: names of what happened. `claims`: writes that are taken, each
     * while fewer than `below` are; where one cannot be had nothing is written. `turn`: the turn to try Zoom in an outage, taken only
     * if nobody has tried since then. `releases`: writes that are given back. `signals`: 'answered', 'lost', 'blocked'.
     *
     * @return array{forgets: bool, visit: ?array<string, ?string>, meetings: list<array<string, ?string>>,
     *               notices: list<array<string, ?string>>, log: list<string>, claims: list<array{key: string, day: string, below: int}>,
     *               turn: ?string, releases: list<array{key: string, day: string, below: int}>, signals: list<array<string, string>>}
     */
    public function changes(Moment $at): array
    {
    }
}

/**
 * One host's meetings at Zoom held against what the visits want, through one maker. It is told, in this order: each page() of the list;
 * where there are strays, the host's rows as bereft(); the rows withoutNumber(); the host's rows once more as the rest(), in portions,
 * each with the settings() that were looked at. What comes of a finding says Visit::compared(), or isOrphan() where it is no visit's.
 *
 * A row: `version`, `start_utc`, `minutes`, `takes_place`, `pending`, `state` and `changed_at` of the visit; `visit`, `generation`,
 * `reference`, `role`, `ended`, `mode`, `app`, `account`, `subject`, `host`, `number`, `host_at_zoom`, `join_url` in clear, `overridden` and
 * `to_restore` of the meeting. The host's rows are those that serve visits to come.
 */
final class Comparison
{
    /**
     * @param array<string, ?string> $maker as Maker::columns() gives it
     * @throws ConfigurationException
     */
    public function __construct(array $maker, Moment $at)
    {
    }

    /** After so many hosts in a row that could not be reached the others are not tried. */
    public static function mostUnreached(): int
    {
    }

    /**
     * A page could not be read: whether the list is begun again, from its first page.
     *
     * @param string $problem its stable name
     */
    public function beginsAgain(string $problem): bool
    {
    }

    /**
     * @param list<array<string, mixed>> $intended the rows, of any host, that know a number of this page
     * @param list<Meeting> $listed
     * @throws ConfigurationException
     */
    public function page(#[\SensitiveParameter] array $intended, array $listed): void
    {
    }

    /** Whether the list shows meetings with markers that no row knows by their number. */
    public function hasStrays(): bool
    {
    }

    /**
     * @param list<array<string, mixed>> $intended a portion of the host's rows
     * @throws ConfigurationException
     */
    public function bereft(#[\SensitiveParameter] array $intended): void
    {
    }

    /**
     * @param list<array<string, mixed>> $intended the rows, of any host, of meetings that may be at Zoom and whose number nobody knows
     * @throws ConfigurationException
     */
    public function withoutNumber(#[\SensitiveParameter] array $intended): void
    {
    }

    /**
     * @param list<array<string, mixed>> $intended a portion of the host's rows, each once
     * @param bool $byNight of which the settings are looked at: of the coming week's, and of the others each once a week; else of all
     * @return list<int> for which of them, by place in the portion, the settings are to be looked at
     * @throws ConfigurationException
     */
    public function rest(#[\SensitiveParameter] array $intended, bool $byNight): array
    {
    }

    /**
     * @param array<string, mixed> $of
     * @param Meeting $found asked for with what is wanted of its settings
     * @throws ConfigurationException
     */
    public function settings(#[\SensitiveParameter] array $of, Meeting $found): void
    {
    }

    /**
     * Whether it is only protected: somebody is, or may be, at work on it, or it is another maker's.
     *
     * @param array<string, mixed> $of
     * @throws ConfigurationException
     */
    public function isBusy(#[\SensitiveParameter] array $of): bool
    {
    }

    /**
     * What was found. `action`: 'adopt' (a meeting with the visit's marker that it does not know), 'delete' (one of this site's that is
     * no visit's), 'move' (it is at another time), 'recreate' (it is gone, or another host's), 'relink' (its link is another),
     * 'restore' (these settings were changed).
     *
     * @return list<array{action: string, visit: ?string, generation: ?string, meeting: string, settings: list<string>}>
     */
    public function findings(): array
    {
    }

    /**
     * The numbers to look up for a second look, one after the other, until one is there.
     *
     * @param array<string, mixed> $finding
     * @param array<string, mixed> $of
     * @return list<int>
     * @throws ConfigurationException
     */
    public static function looksUp(array $finding, #[\SensitiveParameter] array $of): array
    {
    }

    /**
     * Whether a meeting is no visit's, looked at alone.
     *
     * @param list<array<string, mixed>> $intended the rows that know its number, and those without one
     * @throws ConfigurationException
     */
    public function isOrphan(#[\SensitiveParameter] array $intended, Meeting $found, Moment $at): bool
    {
    }
}

/** How much of a site one doctor can turn against one person: so many of something within so many seconds. */
final class Limit
{
    private function __construct()
    {
    }

    /**
     * What a clinic allows that chooses nothing: 'mails_of_doctor', 'mails_to_address', 'visits_of_patient' and 'recreations'.
     *
     * @return array<string, array{most: int, seconds: int}>
     */
    public static function defaults(): array
    {
    }

    /**
     * Whether one more may be.
     *
     * @param list<string> $taken when places were taken, in UTC
     * @param int $most places; none below 1 counts as no limit
     * @param int $seconds until a place is free again
     * @return array{place: string, until: ?string} 'none_needed', 'another', 'again' (the one that was taken first), or 'none' until then
     * @throws ConfigurationException
     */
    public static function place(array $taken, int $most, int $seconds, \DateTimeInterface $now): array
    {
    }
}

/**
 * Who or what lets go of meetings. A handover is a row: `lets_go` ('app', 'zoom_user', 'disconnected' or 'left') with `app`; `subject`
 * and `host`; `subject` and `doctor`; or `doctor`; `since`; `answer` (null, 'stay', 'move', 'doctor', 'cancel' or 'wait'), with
 * `to_doctor`.
 */
final class Handover
{
    private function __construct()
    {
    }

    /** So long after a doctor has left it is waited for an answer; then their meetings go. */
    public static function decideSeconds(): int
    {
    }

    /** So long a grant is kept for what it still has to do. */
    public static function keepSeconds(): int
    {
    }

    /**
     * Whether that can be answered.
     *
     * @param array<string, mixed> $handover
     * @param string $answer 'stay', 'move', 'doctor', 'cancel' or 'wait'
     * @throws ConfigurationException
     */
    public static function takes(array $handover, string $answer): bool
    {
    }

    /**
     * What becomes of the grant of who disconnects or has left.
     *
     * @param array<string, mixed> $handover
     * @param bool $isNeeded whether it can still do something that is left to do
     * @param bool $isHere whether the user exists
     * @param bool $isDoctor whether the user holds visits
     * @return string 'kept', 'ends' (once Zoom can be told), 'ends_anyway', or 'stays': nobody has left
     * @throws ConfigurationException
     */
    public static function grant(array $handover, bool $isNeeded, bool $isHere, bool $isDoctor, Moment $at): string
    {
    }

    /**
     * Whether nothing is left of it once the grant has ended.
     *
     * @param array<string, mixed> $handover
     * @param bool $hasVisits whether visits to come are to be decided about
     * @throws ConfigurationException
     */
    public static function isOver(array $handover, bool $hasVisits): bool
    {
    }

    /**
     * What is next of a doctor's change to another Zoom user.
     *
     * @param array<string, mixed> $facts 'question' whether the new one shall hold the visits to come: 'open', 'accepted' or null;
     *        'is_held' the new one waits; 'is_told' others know that it is in force; 'is_connected' one is in force;
     *        'is_letting_go' one before lets go; 'is_needed' by what it holds
     * @return string 'accept' the new one, and tell; 'decline' it; 'let_go': a handover of each Zoom user before; 'end' the grant
     *         before, and forget; 'forget' what was noted; 'rest'
     * @throws ConfigurationException
     */
    public static function ofZoomUser(array $facts): string
    {
    }
}

/** The one thing to do next for a visit. */
final class Step
{
    private function __construct()
    {
    }

    /** 'ask', 'create', 'ensure', 'find', 'update', 'restore', 'delete', 'note', 'rest' or 'nothing'. */
    public function kind(): string
    {
    }

    /** Whether something is asked of Zoom. */
    public function isExchange(): bool
    {
    }

    /** @return list<string> keys of counters that have to be known before anything can be said; next() may ask twice */
    public function asks(): array
    {
    }

    /** Until when a rest lasts. */
    public function until(): ?string
    {
    }

    /** Which of the visit's meetings it is about. */
    public function generation(): ?int
    {
    }

    /** @return ?array<string, ?string> through what Zoom is asked: `mode`, `app`, `account`, `subject`, `host` */
    public function maker(): ?array
    {
    }

    /** Whether the numbers of other visits' meetings of this host help. */
    public function wantsKnown(): bool
    {
    }

    /** So long the exchange may take at most; null for another kind of step. */
    public function mostSeconds(): ?int
    {
    }

    /** In an outage Zoom is tried so often, in seconds, but for somebody who waits. */
    public static function trySeconds(): int
    {
    }

    /** So many exchanges in a row that were lost are an outage. */
    public static function mostLost(): int
    {
    }

    /**
     * Asks Zoom. It does not throw because of Zoom, nor of the token store.
     *
     * @param list<int> $known numbers of other visits' meetings of this host
     * @param array<string, mixed> $settings the clinic's, as MeetingRequest takes them
     * @throws ConfigurationException when the step is no exchange, or a setting cannot be sent
     */
    public function carryOut(Client $client, array $known = [], array $settings = []): Outcome
    {
    }
}

/** What came of an exchange. */
final class Outcome
{
    private function __construct()
    {
    }

    /**
     * Zoom was not asked.
     *
     * @param string $id the stable name of what stands in the way
     * @param bool $passes whether that passes by itself
     * @param ?array<string, string> $parameters what its words need; no secret
     * @throws ConfigurationException
     */
    public static function hindered(string $id, bool $passes, ?array $parameters = null): Outcome
    {
    }

    /** 'meeting', 'alike', 'none', 'deleted', 'gone', 'hindered' or 'failed'. */
    public function name(): string
    {
    }

    /** The stable name of what stood in the way; null where nothing did. */
    public function problem(): ?string
    {
    }
}

/** Through what a meeting is made: mode, app, account, subject and host; or why nobody can host. */
final class Maker
{
    private function __construct()
    {
    }

    /**
     * Who would host a new meeting of a doctor.
     *
     * @param array<string, int|string|bool|null> $known `is_doctor`; `mode` ('oauth', 's2s' or null), `is_complete`, `app` and `account`
     *     of the clinic; `subject`, what the doctor is called in grants; each null where it is not there: `own_app`, `own_account` and
     *     `own_host` of an account of the doctor's own, `confirmed_account` and `confirmed_host`, `grant_is_alive`, `grant_account` and
     *     `grant_host`
     * @throws ConfigurationException when a column is missing or holds what it cannot hold
     */
    public static function present(array $known): Maker
    {
    }

    /**
     * @param array<string, ?string> $columns `mode`, `app`, `account`, `subject` and `host`
     * @throws ConfigurationException when a column is missing or holds what it cannot hold
     */
    public static function fromColumns(array $columns): Maker
    {
    }

    /** Why nobody can host: 'not_a_doctor', 'not_set_up', 'no_host', 'not_connected' or 'reconnect'; null where somebody can. */
    public function problem(): ?string
    {
    }

    /**
     * @return array<string, ?string> as fromColumns() takes it
     * @throws ConfigurationException when nobody can host
     */
    public function columns(): array
    {
    }

    /** The host to name to Zoom; null with a grant, whose Zoom user hosts. */
    public function namedHost(): ?string
    {
    }

    /** The host's Zoom user id; null where it is not known. */
    public function hostAtZoom(): ?string
    {
    }
}

/** What every input of a visit comes with: the time, the clinic's choices, and chance. */
final class Moment
{
    /**
     * @param string $site what all references of the site begin with
     * @param array<string, int|bool> $policies `join_minutes_before` (15), `mails_zooms_link` (false), `writes_of_patient` (25; 0: no
     *                                          limit)
     * @param ?int $chance a random number; null: drawn
     * @param ?string $nonce a random text of letters and digits; null: drawn
     * @throws ConfigurationException
     */
    public function __construct(\DateTimeInterface $now, string $site, array $policies = [], ?int $chance = null, ?string $nonce = null)
    {
    }

    /**
     * The policies of a clinic that chooses nothing.
     *
     * @return array{join_minutes_before: int, mails_zooms_link: bool, writes_of_patient: int}
     */
    public static function defaultPolicies(): array
    {
    }

    /** As rows have it. */
    public function now(): string
    {
    }

    /** The day of Zoom's counters that it belongs to, such as '2026-12-01'. */
    public function day(): string
    {
    }
}
