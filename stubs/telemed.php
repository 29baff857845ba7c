<?php

/**
 * The PHP API of the extension `telemed`, for IDEs and static analysers.
 *
 * The bodies are never run: the extension defines these classes. A test holds this file against reflection.
 *
 * Arguments are taken exactly as typed (no coercion, with or without strict_types) and a wrong type is a TypeError.
 * Text is UTF-8. Results are read by methods; objects refuse serialize, and those that hold a secret refuse clone.
 *
 * @version 0.2.0
 */

declare(strict_types=1);

namespace Telemed;

/**
 * Where sealed records live; the host implements it.
 *
 * What is stored is text that only the Vault can open. An exception thrown by a method becomes a StoreException with
 * that exception as its previous one. A method may use telemed for other records; such calls nest 16 deep at most. A lock
 * that the end of the script (exit, a fatal error) kept from being given back is given back by unlock() before the same
 * request takes it again.
 */
interface TokenStore
{
    /** The sealed record under $key, or null when there is none. */
    public function load(string $key): ?string;

    /**
     * Stores $sealed, durable before it returns, but only while the record is still $replaces (null: none yet).
     *
     * @return bool false: the record is another by now, nothing was stored; load it and use what is there
     */
    public function save(string $key, string $sealed, ?string $replaces): bool;

    /** Removes the record; no record is no error. */
    public function delete(string $key): void;

    /**
     * Takes the lock of $key across every process and host that shares the store.
     *
     * @param float $seconds how long to wait for it
     * @return bool true only when the lock is held
     */
    public function lock(string $key, float $seconds): bool;

    /** Gives the lock of $key back. */
    public function unlock(string $key): void;
}

/** Keeps sealed records as files of mode 0600 in a directory of mode 0700, with a lock file for each key. */
final class FileTokenStore implements TokenStore
{
    /**
     * @param non-empty-string $directory an absolute path; made when missing, refused when others may read it
     * @throws ConfigurationException
     */
    public function __construct(string $directory)
    {
    }

    /** @throws StoreException */
    public function load(string $key): ?string
    {
    }

    /** @throws StoreException */
    public function save(string $key, string $sealed, ?string $replaces = null): bool
    {
    }

    /** @throws StoreException */
    public function delete(string $key): void
    {
    }

    /** @throws StoreException */
    public function lock(string $key, float $seconds): bool
    {
    }

    public function unlock(string $key): void
    {
    }
}

/**
 * Authenticated encryption (XChaCha20-Poly1305), bound to a context.
 *
 * A text sealed under one context does not open under another. Sealed text is printable and begins with "telemed1.".
 */
final class Vault
{
    /**
     * @param list<string> $keys base64 of 32 bytes each: the first seals, all open
     * @throws ConfigurationException
     */
    public function __construct(#[\SensitiveParameter] array $keys)
    {
    }

    /** A new random key, as base64 of 32 bytes. */
    public static function generateKey(): string
    {
    }

    /**
     * A key derived from a long secret by HKDF-SHA256, as base64 of 32 bytes.
     *
     * @throws ConfigurationException when $secret is shorter than 32 bytes
     */
    public static function deriveKey(#[\SensitiveParameter] string $secret, #[\SensitiveParameter] string $salt): string
    {
    }

    /**
     * @param string $plaintext any bytes
     * @param string $context any bytes
     * @return non-empty-string printable text
     */
    public function seal(#[\SensitiveParameter] string $plaintext, string $context): string
    {
    }

    /**
     * @return string the bytes that were sealed
     * @throws VaultException when the text was changed, cut, moved to another context or sealed under another key
     */
    public function open(string $sealed, string $context): string
    {
    }

    /**
     * The same plaintext, sealed anew under the first key.
     *
     * @throws VaultException
     */
    public function reseal(string $sealed, string $context): string
    {
    }
}

/** OAuth 2.0, "bring your own account": each doctor ($subject) connects a Zoom account of their own. */
final class OAuthApp
{
    /**
     * @param non-empty-string $redirectUri used unchanged at authorize and exchange; https, or http on a loopback host
     * @throws ConfigurationException
     */
    public function __construct(
        string $clientId,
        #[\SensitiveParameter] string $clientSecret,
        string $redirectUri,
        TokenStore $tokens,
        Vault $vault
    ) {
    }

    /** @return list<string> the scopes to give the app; nothing else is asked for */
    public static function scopes(): array
    {
    }

    /**
     * Begins an authorization: where to send the doctor's browser (PKCE S256, a one-time state, ten minutes).
     *
     * @throws StoreException|VaultException
     */
    public function authorizationRequest(string $subject): AuthorizationRequest
    {
    }

    /**
     * Ends an authorization: exchanges the code and stores the connection. If the subject is connected as another Zoom user,
     * that connection stays in force, and what comes back has the status 'held': accept or decline it.
     *
     * @param string $subject who is logged in now; a state begun by another is refused before any network call
     * @throws AuthenticationException the state is unknown, used, expired or another's, or Zoom refuses the code
     * @throws TelemedException
     */
    public function connect(#[\SensitiveParameter] string $code, #[\SensitiveParameter] string $state, string $subject): Connection
    {
    }

    /**
     * Takes over tokens that another program obtained for the same app.
     *
     * @param string $scope space-separated, as Zoom gave it
     * @throws TelemedException
     */
    public function import(
        string $subject,
        #[\SensitiveParameter] string $accessToken,
        #[\SensitiveParameter] string $refreshToken,
        ?\DateTimeInterface $expiresAt,
        string $scope,
        ?string $apiUrl = null
    ): Connection {
    }

    /**
     * What is stored for the subject, without network; null when there is no connection.
     *
     * @throws StoreException
     */
    public function connection(string $subject): ?Connection
    {
    }

    /**
     * Refreshes the tokens now, so that the connection does not lapse from disuse. Where Zoom's answer was lost for good, what comes
     * back has an end: see Connection::until().
     *
     * @throws AuthenticationException the connection is dead: reconnect
     * @throws TelemedException
     */
    public function renew(string $subject): Connection
    {
    }

    /** The client that acts as the subject's Zoom user. Makes no request. */
    public function client(string $subject): Client
    {
    }

    /**
     * Revokes the grant at Zoom and deletes the record, with what is held and what was before.
     *
     * @throws TransportException Zoom could not be reached: the record is unusable already, the revoke is owed; call again
     * @throws TelemedException
     */
    public function disconnect(string $subject): void
    {
    }

    /**
     * The login as another Zoom user that waits for an answer, without network; null when none does. 24 hours at most.
     *
     * @throws StoreException
     */
    public function heldConnection(string $subject): ?Connection
    {
    }

    /**
     * Puts the held connection in force. The one before stays usable for what it made (formerClient()) until endFormer(), 7 days
     * at most. Another process notices at its next connection() of the subject.
     *
     * @throws AuthenticationException none is held any more, or its Zoom user has become another subject's
     * @throws TelemedException
     */
    public function acceptHeld(string $subject): Connection
    {
    }

    /**
     * Revokes and deletes what is held; the connection in force stays. Also for what was not answered in time. None is no error.
     *
     * @throws TransportException Zoom could not be reached: the record is unusable already, the revoke is owed; call again
     * @throws TelemedException
     */
    public function declineHeld(string $subject): void
    {
    }

    /**
     * The connection that was in force before the accepted one, without network; null when there is none.
     *
     * @throws StoreException
     */
    public function formerConnection(string $subject): ?Connection
    {
    }

    /**
     * The client that acts as the Zoom user before, for the meetings which that one made.
     *
     * @throws AuthenticationException there is none
     * @throws StoreException
     */
    public function formerClient(string $subject): Client
    {
    }

    /**
     * Revokes and deletes the connection before. None is no error.
     *
     * @throws TransportException Zoom could not be reached: the record is unusable already, the revoke is owed; call again
     * @throws TelemedException
     */
    public function endFormer(string $subject): void
    {
    }

    /**
     * Whose connection a Zoom user is, without network; null when nobody's. For app_deauthorized.
     *
     * @throws StoreException
     */
    public function subjectOf(string $zoomUserId): ?string
    {
    }

    /**
     * Forgets the connection without telling Zoom, which has ended it itself. For app_deauthorized.
     *
     * @param ?\DateTimeInterface $connectedBefore when Zoom ended it: a connection that was made later stays
     * @return bool false: the doctor has connected again since, and that connection stays
     * @throws StoreException
     */
    public function forget(string $subject, ?\DateTimeInterface $connectedBefore = null): bool
    {
    }

    /**
     * Forgets what is held or was before, where it is this Zoom user's, without telling Zoom, which has ended it itself. The
     * connection in force stays. For app_deauthorized.
     *
     * @param ?\DateTimeInterface $connectedBefore when Zoom ended it: what is held or former only since later stays
     * @return bool whether there was any
     * @throws StoreException
     */
    public function forgetBeside(string $subject, string $zoomUserId, ?\DateTimeInterface $connectedBefore = null): bool
    {
    }
}

/** Server-to-Server OAuth, "enterprise": the clinic's account, in which any user can host. */
final class ServerToServerApp
{
    /** @throws ConfigurationException */
    public function __construct(
        string $accountId,
        string $clientId,
        #[\SensitiveParameter] string $clientSecret,
        TokenStore $tokens,
        Vault $vault
    ) {
    }

    /** @return list<string> the scopes to give the app; nothing else is asked for */
    public static function scopes(): array
    {
    }

    /** The client that acts on behalf of any user of the account. Makes no request. */
    public function client(): Client
    {
    }

    /**
     * Revokes and forgets the account's token.
     *
     * @throws TelemedException
     */
    public function disconnect(): void
    {
    }
}

/** Where to send the browser to authorize. */
final class AuthorizationRequest
{
    private function __construct()
    {
    }

    public function url(): string
    {
    }

    public function state(): string
    {
    }

    public function expiresAt(): \DateTimeImmutable
    {
    }
}

/** One subject's connection to Zoom, as it is stored. */
final class Connection
{
    private function __construct()
    {
    }

    /**
     * What is new of a connection that was looked at.
     *
     * @param ?Connection $seen null: there is none
     * @param bool $isTold whether it was told that it has ended or is about to
     * @return ?string 'ended', 'ends_soon' (see until()), 'mended': what was told is true no more; null: nothing is new
     */
    public static function news(?Connection $seen, bool $isTold): ?string
    {
    }

    public function subject(): string
    {
    }

    /** @return 'connected'|'dead'|'unreadable'|'held'|'former' unreadable: no key of the vault opens the record */
    public function status(): string
    {
    }

    /** Since when the status holds; null when unreadable. */
    public function since(): ?\DateTimeImmutable
    {
    }

    /** Why it is dead or unreadable, or why it ends (see until()), for people; else null. */
    public function reason(): ?string
    {
    }

    /** @return list<string> */
    public function scopes(): array
    {
    }

    public function zoomUserId(): ?string
    {
    }

    public function zoomEmail(): ?string
    {
    }

    /** The Zoom user's display name. */
    public function zoomName(): ?string
    {
    }

    /** The Zoom account that the user belongs to. */
    public function zoomAccountId(): ?string
    {
    }

    /** Whether the Zoom user has a paid licence (meetings of Basic users end after 40 minutes); null when unknown. */
    public function isLicensed(): ?bool
    {
    }

    /** When the access token ends; the connection itself goes on. Null when unreadable. */
    public function expiresAt(): ?\DateTimeImmutable
    {
    }

    /**
     * When what is held or former ends by itself. For the connection in force null, unless its renewal is lost: then it still
     * serves until this moment, and the doctor has to authorize again. Nothing can renew it.
     */
    public function until(): ?\DateTimeImmutable
    {
    }
}

/** When connections are renewed: long before Zoom lets a grant lapse from disuse, and a few at a time. Moments are Unix seconds. */
final class Renewal
{
    private function __construct()
    {
    }

    /**
     * Whose turn it is, the longest waiting first.
     *
     * @param array<int, int> $looks by doctor: from when on their connections are to be looked at
     * @return list<int> doctors
     */
    public static function turn(array $looks, int $now): array
    {
    }

    /** @param int $tokenEnds when the connection's access token ends or has ended */
    public static function isDue(int $tokenEnds, int $now): bool
    {
    }

    /**
     * When to look again at a doctor's connections, of which those that were due are renewed.
     *
     * @param list<int> $tokenEnds of each; none: at what was not renewed
     */
    public static function nextLook(array $tokenEnds, int $now): int
    {
    }
}

/** Speaks to Zoom; the same in both modes. Results of a call are those of one moment. */
final class Client
{
    private function __construct()
    {
    }

    /**
     * The client that reaches what a maker makes, in either mode. With a grant: as the very Zoom user, in force or before. Makes no request.
     *
     * @param string $clientSecret of the maker's app
     * @param string $redirectUri of the maker's app; '' in Server-to-Server mode
     * @throws AuthenticationException when there is no connection, or a dead one, or when the doctor is connected as another Zoom user
     * @throws ConfigurationException|StoreException
     */
    public static function through(
        Maker $maker,
        #[\SensitiveParameter] string $clientSecret,
        string $redirectUri,
        TokenStore $tokens,
        Vault $vault
    ): Client {
    }

    /** The same client with a total time budget in seconds for each call (name resolution excepted). */
    public function within(float $seconds): Client
    {
    }

    /**
     * Creates one meeting. Never sent twice: on a failure with $maybeDelivered the meeting may exist. A visit that has
     * begun can still get its meeting; one that is over cannot.
     *
     * @throws TelemedException
     */
    public function createMeeting(MeetingRequest $request): Meeting
    {
    }

    /**
     * The one meeting of the request's reference: found by its marker and brought to the wanted time, or created. Looked up
     * before anything is created, also in a later process; after a time-out "not found" is believed only 60 seconds later.
     * Zoom moves nothing into the past: once the wanted start has passed, a meeting that is there comes back at its own time.
     *
     * @param list<int> $known ids of meetings that belong to other references; they count where the Zoom account hides
     *                         descriptions, and our marker with them
     * @param ?\DateTimeInterface $attemptedAt when an attempt was begun whose end the caller never saw, because the process
     *                         that made it died (null: every attempt ended with a result or an exception): "not found" is
     *                         believed only 60 seconds after it
     * @throws TelemedException with $maybeDelivered where it is uncertain whether a meeting exists; retryable where waiting helps
     */
    public function ensureMeeting(
        MeetingRequest $request,
        array $known = [],
        ?\DateTimeInterface $attemptedAt = null
    ): Meeting
    {
    }

    /**
     * The one meeting of the request's reference as it stands, null where there is none; nothing is created or changed.
     *
     * @param list<int> $known as for ensureMeeting()
     * @param ?\DateTimeInterface $attemptedAt as for ensureMeeting()
     * @throws TelemedException with $maybeDelivered where it is uncertain whether a meeting exists; retryable where waiting helps
     */
    public function findMeeting(
        MeetingRequest $request,
        array $known = [],
        ?\DateTimeInterface $attemptedAt = null
    ): ?Meeting
    {
    }

    /**
     * Creates many meetings concurrently, within Zoom's limit per second. One failure harms no other.
     *
     * @param list<MeetingRequest> $requests
     * @return list<Meeting|TelemedException> in the order of the requests
     * @throws TelemedException only when nothing could be begun
     */
    public function createMeetings(array $requests): array
    {
    }

    /**
     * Changes topic, time, duration, zone and the settings that the request names (the host stays), then reads it back
     * and compares. A start that has passed is refused: Zoom would ignore it without a word.
     *
     * @param bool $allSettings also puts the private defaults back, whatever was changed in Zoom
     * @throws NotFoundException|TelemedException
     */
    public function updateMeeting(int $meetingId, MeetingRequest $request, bool $allSettings = false): Meeting
    {
    }

    /**
     * @return bool false: it was already gone
     * @throws TelemedException
     */
    public function deleteMeeting(int $meetingId): bool
    {
    }

    /**
     * @param ?MeetingRequest $asked compares the meeting's settings with what is asked here: see Meeting::overridden()
     * @throws NotFoundException|ApiException|TelemedException ApiException too where Zoom's answer is about another meeting
     */
    public function meeting(int $meetingId, ?MeetingRequest $asked = null): Meeting
    {
    }

    /**
     * The scheduled, unexpired meetings of the host.
     *
     * @return list<Meeting>
     * @throws TelemedException
     */
    public function meetings(?string $host = null): array
    {
    }

    /**
     * One page of what meetings() gives, for lists of any length in little memory.
     *
     * @param ?string $token what the page before gave as next(); null for the first page
     * @throws TelemedException
     */
    public function meetingPage(?string $host = null, ?string $token = null): MeetingPage
    {
    }

    /**
     * A fresh start URL (two hours). It logs in as the host: hand it to the host's browser at once, never store it.
     *
     * @throws NotFoundException|ApiException|TelemedException ApiException too where Zoom's answer is about another meeting
     */
    public function startUrl(int $meetingId): string
    {
    }

    /** @throws NotFoundException|TelemedException */
    public function user(?string $host = null): User
    {
    }

    /**
     * All active users of the account (Server-to-Server mode).
     *
     * @return list<User>
     * @throws TelemedException
     */
    public function users(): array
    {
    }

    /** Looks at everything a meeting needs, step by step. Writes nothing at Zoom and does not throw for what it finds. */
    public function check(?string $host = null): Diagnosis
    {
    }

    /** Zoom's tracking id of this client's last answer, for Zoom's support. */
    public function lastTrackingId(): ?string
    {
    }
}

/** What a meeting shall be. Checked when it is made. */
final class MeetingRequest
{
    /**
     * @param string $topic at most 200 characters; seen by Zoom and on invitations: no name, no service, no diagnosis
     * @param int $minutes 1 to 1440
     * @param string $timezone IANA name, for display
     * @param ?string $host Zoom user id or e-mail (Server-to-Server); null or "me" in OAuth mode
     * @param ?string $reference the caller's own name for the visit, at most 200 characters; Zoom sees only a hash of it
     * @param array<string, mixed> $settings Zoom meeting settings that differ from the private defaults, by Zoom's names; unknown
     *                                       names are refused. Settings of Zoom that are newer than this version go under
     *                                       'unlisted': an array of names and true or false, sent as they are, and compared
     *                                       where Zoom tells them: ['unlisted' => ['some_new_setting' => false]]
     * @throws ConfigurationException
     */
    public function __construct(
        string $topic,
        \DateTimeInterface $start,
        int $minutes,
        string $timezone,
        ?string $host = null,
        ?string $reference = null,
        array $settings = []
    ) {
    }
}

/** A meeting as Zoom tells it. */
final class Meeting
{
    private function __construct()
    {
    }

    public function id(): int
    {
    }

    public function uuid(): ?string
    {
    }

    public function topic(): string
    {
    }

    /** In UTC; null for an instant meeting. */
    public function start(): ?\DateTimeImmutable
    {
    }

    public function minutes(): int
    {
    }

    public function timezone(): ?string
    {
    }

    public function hostId(): ?string
    {
    }

    public function hostEmail(): ?string
    {
    }

    /** For the patient. Confidential. Null when Zoom gave none that can be trusted. */
    public function joinUrl(): ?string
    {
    }

    /** Confidential. */
    public function passcode(): ?string
    {
    }

    /** Whether the join link carries the passcode; if not, and there is a passcode, people have to be told it. */
    public function passcodeInLink(): bool
    {
    }

    /** When it was made, in UTC; null when the answer does not say. */
    public function createdAt(): ?\DateTimeImmutable
    {
    }

    /** @return ?string 'waiting' or 'started'; lists do not say */
    public function status(): ?string
    {
    }

    /** The marker that telemed wrote, when there is one. */
    public function marker(): ?string
    {
    }

    /** @return list<string> settings that Zoom did not take as asked (the account overrides them); not what Zoom does not tell of */
    public function overridden(): array
    {
    }
}

/** One page of a host's meetings. */
final class MeetingPage
{
    private function __construct()
    {
    }

    /** @return list<Meeting> 300 at most */
    public function meetings(): array
    {
    }

    /** What Client::meetingPage() takes for the next page, within 15 minutes; null at the end. */
    public function next(): ?string
    {
    }
}

/**
 * What has to be done so that one host has at Zoom what the clinic wants. Compares only; makes no request.
 *
 * One object for each comparison of one host through one set of credentials: page() with each page of the host's list, then
 * rest(). It touches only meetings that bear a marker of this site or whose id is given here, and leaves alone meetings in
 * progress, orphans younger than 15 minutes, and visits that are busy.
 *
 * Lists leave out much (status, settings): before acting, read the meeting and ask a new Reconciler with it alone.
 *
 * A visit is an array: `reference` (string), `meeting` (?int, the meeting known to hold it), `host` (?string, Zoom user id),
 * `start` (?DateTimeInterface, null for one that shall have no meeting), `minutes` (int), `overridden` (list<string>, settings
 * known not to be as asked), `busy` (bool, somebody is at work on it).
 *
 * An action is an array: `action`, `reference` (?string), `meeting` (?int), `settings` (list<string>). Actions:
 * 'adopt' (a meeting with the visit's marker that the caller does not know: take its id), 'create' (the visit has none),
 * 'delete' (an orphan, or one too many), 'move' (to the visit's time), 'recreate' (the known one is gone, or lies with another
 * host), 'restore' (these settings were changed).
 */
final class Reconciler
{
    /**
     * @param string $site what this site's references begin with, up to the first colon
     * @param ?\DateTimeInterface $now null: this machine's clock
     */
    public function __construct(string $site, ?\DateTimeInterface $now = null)
    {
    }

    /**
     * What one page of the host's meetings asks for.
     *
     * @param list<array<string, mixed>> $wanted at least the visits that know a meeting of this page, and all of the host
     *                                           that know none
     * @param list<Meeting> $found
     * @return list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}>
     * @throws ConfigurationException when a visit is not as described
     */
    public function page(array $wanted, array $found): array
    {
    }

    /**
     * What is left when all pages were read: visits whose meeting no page showed, and of several meetings for one visit all
     * but one (the known one stays, else the oldest).
     *
     * @param list<array<string, mixed>> $wanted visits of the host, in portions if there are many, each once
     * @return list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}>
     * @throws ConfigurationException when a visit is not as described
     */
    public function rest(array $wanted): array
    {
    }
}

/** A Zoom user. */
final class User
{
    private function __construct()
    {
    }

    public function id(): string
    {
    }

    public function email(): ?string
    {
    }

    public function name(): string
    {
    }

    /** Whether the user has a paid licence; a Basic user's meetings end after 40 minutes. */
    public function isLicensed(): bool
    {
    }

    /** @return ?string 'active', 'inactive' or 'pending' */
    public function status(): ?string
    {
    }

    public function timezone(): ?string
    {
    }

    /** The Zoom account that the user belongs to. */
    public function accountId(): ?string
    {
    }
}

/** What Client::check() found. */
final class Diagnosis
{
    private function __construct()
    {
    }

    /** Whether meetings can be held: no step failed. Warnings do not count. */
    public function passed(): bool
    {
    }

    /** The first failure, or what was warned of, or that all is well: one or two sentences. */
    public function message(): string
    {
    }

    /**
     * The steps in order. `result` is 'passed', 'warned', 'failed' or 'skipped' (an earlier failure made it pointless);
     * `passed` is true unless it failed or was skipped.
     *
     * @return list<array{id: string, passed: bool, result: string, title: string, advice: string}>
     */
    public function steps(): array
    {
    }
}

/** Verifies what arrives at a webhook address: HMAC-SHA256 over the raw bytes. */
final class Webhook
{
    /**
     * @param string $secretToken the app's secret token
     * @param int $toleranceSeconds how old, or how far ahead, an event may be
     * @throws ConfigurationException
     */
    public function __construct(#[\SensitiveParameter] string $secretToken, int $toleranceSeconds = 300)
    {
    }

    /**
     * @param string $rawBody the request's body, byte for byte
     * @param array<string, string|list<string>> $headers in any case, also as WordPress or $_SERVER spell them
     * @throws WebhookException when it is not from Zoom, too old, or no event
     */
    public function receive(string $rawBody, array $headers): WebhookEvent
    {
    }
}

/** A verified event. */
final class WebhookEvent
{
    private function __construct()
    {
    }

    /** Such as "app_deauthorized". */
    public function name(): string
    {
    }

    public function sentAt(): \DateTimeImmutable
    {
    }

    /** The JSON body to answer with (status 200), where Zoom wants one: endpoint.url_validation. */
    public function answer(): ?string
    {
    }

    public function accountId(): ?string
    {
    }

    /** The Zoom user of app_deauthorized. */
    public function zoomUserId(): ?string
    {
    }

    /** The client id of app_deauthorized. */
    public function clientId(): ?string
    {
    }
}

/** The base of everything that telemed throws on purpose. */
class TelemedException extends \Exception
{
    /** @var bool true: the request may have done its work at Zoom although no good answer came */
    public $maybeDelivered;

    /** @var ?string Zoom's tracking id, for Zoom's support */
    public $trackingId;

    /** Whether the same call can succeed later without anybody changing anything. */
    public function isRetryable(): bool
    {
    }

    /** Whether Zoom could not be reached, or its answer was lost: several in a row are an outage. */
    public function isLost(): bool
    {
    }

    /** Whether Zoom has answered, whatever it said. */
    public function isAnswer(): bool
    {
    }

    /** Whether Zoom does not know what was asked for: a meeting or a user, for these credentials. */
    public function isGone(): bool
    {
    }

    /** Whether it says something of one connection alone: refused, unreadable, or used by somebody. Others may fare better. */
    public function isOfOneConnection(): bool
    {
    }

    /** What an administrator can do about it: one or two sentences. */
    public function advice(): string
    {
    }

    /** What went wrong, by a name that does not change: docs/errors.md. '' where PHP code made the exception. */
    public function id(): string
    {
    }
}

/** Something is set up wrongly: arguments, php.ini, client credentials, a disabled app. */
class ConfigurationException extends TelemedException
{
}

/** The connection is dead or was never made: the doctor must (re)connect. Never for an access token that Zoom refuses for a while. */
class AuthenticationException extends TelemedException
{
}

/** Zoom refused the request. */
class ApiException extends TelemedException
{
    /** @var ?int the HTTP status */
    public $status;

    /** @var ?int Zoom's own code */
    public $zoomCode;

    /** @var array<string, string> the fields that Zoom named, with its words */
    public $fields;
}

/** The app lacks scopes. */
class ScopeException extends ApiException
{
    /** @var list<string> any one of which would do, as Zoom named them */
    public $missingScopes;
}

/** Zoom's rate limit is reached. */
class RateLimitException extends ApiException
{
    /** @var ?\DateTimeImmutable when to try again, UTC: not beyond Zoom's day; null: Zoom names nothing to go by */
    public $retryAt;
}

/** The meeting or the user does not exist for these credentials. */
class NotFoundException extends ApiException
{
}

/** The network failed: no name, no connection, no TLS, no answer in time, a broken answer. */
class TransportException extends TelemedException
{
    /** @var ?\DateTimeImmutable not null: Zoom answers by now, but is believed only from then on (UTC); null: the network failed */
    public $retryAt;
}

/** A sealed text cannot be opened. */
class VaultException extends TelemedException
{
}

/** The token store failed. */
class StoreException extends TelemedException
{
}

/** What arrived at a webhook address is no event from Zoom. */
class WebhookException extends TelemedException
{
}
