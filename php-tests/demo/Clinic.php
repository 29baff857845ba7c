<?php

/** What people do in the clinic's WordPress, each thing through its screen or its REST route. */

declare(strict_types=1);

namespace Telemed\Tests\Demo;

use Telemed\Tests\Browser;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;
use Telemed\Tests\Site;

final class Clinic
{
    private const ZONE = 'Europe/Berlin';
    private const MINUTES = 25;

    /** What every meeting must be at Zoom, whatever the account's defaults are. */
    private const PRIVATE_SETTINGS = array(
        'waiting_room' => true,
        'join_before_host' => false,
        'auto_recording' => 'none',
        'auto_start_meeting_summary' => false,
        'auto_start_ai_companion_questions' => false,
        'support_participants_receive_summary' => false,
        'allow_participants_to_transcribe_meetings_with_my_notes' => false,
        'registrants_email_notification' => false,
        'use_pmi' => false,
    );

    public readonly Browser $admin;
    private readonly FakeZoom $zoom;

    public function __construct(private readonly Site $site)
    {
        $this->zoom = $site->zoom();
        $this->admin = $site->browser('admin');
    }

    /**
     * The administrator fills in the settings page.
     *
     * @param array<string, string> $credentials
     */
    public function choose(string $mode, array $credentials): string
    {
        $changes = array('telemed_settings[mode]' => $mode);
        foreach ($credentials as $name => $value) {
            $changes["telemed_settings[{$name}]"] = $value;
        }
        $page = $this->admin->submit($this->admin->screen('telemed-settings')->form('telemed-settings-form'), $changes);
        // Asked where visits are to come that the mode before has made.
        $anyway = '//form[.//button[contains(@class, "telemed-save-anyway")]]';
        $page = null === $page->first($anyway) ? $page : $this->admin->submit($page->form($anyway));
        $chosen = $page->first('//input[@name="telemed_settings[mode]" and @checked]');
        Check::same($mode, $chosen?->getAttribute('value'), 'the mode on the settings page');
        foreach ($credentials as $name => $value) {
            if (str_ends_with($name, '_secret')) {
                Check::same('1', $page->element($name)?->getAttribute('data-set'), "data-set of {$name}");
                Check::demand(! str_contains($page->body, $value), "the page shows {$name}");
            } else {
                Check::same($value, $page->element($name)?->getAttribute('value'), $name);
            }
        }
        return 'the secret is set and not shown';
    }

    /** The button Check of the settings page; $doctor 0 is the account. */
    public function diagnose(int $doctor): string
    {
        $form = $this->admin->screen('telemed-settings')->form('telemed-settings-form', 'telemed-check-button');
        $page = $this->admin->submit($form, array('doctor' => (string) $doctor));
        $result = $page->element('telemed-check-result');
        Check::demand(null !== $result, 'there is no result: ' . implode(' / ', $page->notices()));
        Check::same('1', $result->getAttribute('data-passed'), 'the result (' . $page->text('telemed-check-result') . ')');
        return count($page->all('//tr[@data-step]')) . ' steps';
    }

    /** @return array<string, string> Zoom host by login */
    public function confirmHosts(): array
    {
        $page = $this->admin->submit($this->admin->screen('telemed-doctors')->form('telemed-confirm-all'));
        $hosts = array();
        foreach (array('doctor1', 'doctor2') as $person) {
            $row = $page->element('telemed-doctor-' . $this->site->userId($person));
            $hosts[$person] = (string) $row?->getAttribute('data-host');
        }
        return $hosts;
    }

    /** The doctor clicks Authorize with Zoom on the profile page, and Authorize on Zoom's. */
    public function connect(Browser $doctor, string $zoomUser): string
    {
        $profile = $doctor->get('/wp-admin/profile.php');
        $consent = $doctor->submit($profile->form('telemed-authorize-form'));
        Check::demand(str_starts_with($consent->url, $this->site->zoomUrl() . '/oauth/authorize?'), "the click led to {$consent->url}");
        $page = $doctor->submit(
            $consent->form('//form[@action="/oauth/authorize"]'),
            array('user' => $zoomUser, 'decision' => 'authorize')
        );
        Check::demand(
            '' !== $page->text('telemed-connected'),
            "{$page->url} does not say connected: " . implode(' / ', $page->notices()) . ' ' . $page->text('telemed-connection')
        );
        Check::demand(! str_contains($page->url, 'code='), 'the code stands in the address');
        return $page->text('telemed-connected');
    }

    /** The form New meeting. Returns the row's number on this site. */
    public function makeByForm(Browser $browser, string $person, \DateTimeImmutable $start): int
    {
        $before = $this->rows($browser);
        $local = $start->setTimezone(new \DateTimeZone(self::ZONE));
        $page = $browser->submit(
            $browser->screen('telemed-new-meeting')->form('telemed-meeting-form'),
            array(
                'doctor' => (string) $this->site->userId($person),
                'date' => $local->format('Y-m-d'),
                'time' => $local->format('H:i'),
                'timezone' => self::ZONE,
                'minutes' => (string) self::MINUTES,
            )
        );
        $new = array_values(array_diff($this->rows($browser), $before));
        Check::demand(1 === count($new), count($new) . ' new rows: ' . implode(' / ', $page->notices()));
        return $new[0];
    }

    /** POST telemed/v1/visits. Returns the row's number on this site. */
    public function makeByRest(Browser $browser, string $person, \DateTimeImmutable $start): int
    {
        $page = $browser->rest(
            'POST',
            'telemed/v1/visits',
            array(
                'doctor' => $this->site->userId($person),
                'start' => $start->format(DATE_RFC3339),
                'minutes' => self::MINUTES,
                'timezone' => self::ZONE,
            )
        );
        Check::same(201, $page->status, 'the status (' . substr($page->body, 0, 500) . ')');
        return $page->json()['id'];
    }

    /** The row as REST tells it. */
    public function row(Browser $browser, int $id): array
    {
        $page = $browser->rest('GET', "telemed/v1/visits/{$id}");
        Check::same(200, $page->status, 'the status (' . substr($page->body, 0, 500) . ')');
        return $page->json();
    }

    /** Holds the row against what fake-zoom has. */
    public function verify(Browser $browser, int $id, string $host, \DateTimeImmutable $start): string
    {
        $row = $this->row($browser, $id);
        Check::same('made', $row['state'], 'the state (' . json_encode($row['error']) . ')');
        $meeting = $this->zoom->meeting($row['meeting_id']);
        Check::demand(null !== $meeting, "fake-zoom has no meeting {$row['meeting_id']}");
        Check::same($host, $meeting['host_id'], 'the host');
        Check::same($start->getTimestamp(), (new \DateTimeImmutable($meeting['start_time']))->getTimestamp(), 'the start');
        Check::same(self::MINUTES, $meeting['duration'], 'the duration');
        Check::same(self::ZONE, $meeting['timezone'], 'the zone');
        foreach (self::PRIVATE_SETTINGS as $name => $value) {
            Check::same($value, $meeting['settings'][$name] ?? null, $name);
        }
        Check::demand(strlen((string) ($meeting['password'] ?? '')) >= 6, 'there is no passcode');
        Check::same($row['passcode'], $meeting['password'], 'the passcode');
        return sprintf('%d, host %s, %s, waiting room, passcode, no recording', $meeting['id'], $host, $meeting['start_time']);
    }

    /** The patient's link and the doctor's click on Start. */
    public function joinAndStart(Browser $doctor, int $id): string
    {
        $row = $this->row($doctor, $id);
        $join = $this->site->visitor()->get($row['join_url']);
        Check::demand(
            str_contains($join->text(), "You joined meeting {$row['meeting_id']} as participant"),
            "the join link shows: {$join->status} " . $join->text()
        );
        $start = $doctor->get($row['start_link']);
        Check::demand(
            str_contains($start->text(), "You joined meeting {$row['meeting_id']} as host"),
            "Start shows: {$start->status} " . $start->text()
        );
        return 'joined as participant and as host';
    }

    /** The button Cancel of the list. */
    public function cancelByForm(Browser $browser, int $id): Page
    {
        $form = $browser->screen('telemed-meetings')->form("//tr[@id=\"telemed-meeting-{$id}\"]//form[.//input[@value=\"telemed_cancel_meeting\"]]");
        return $browser->submit($form);
    }

    /** DELETE telemed/v1/visits/{id}. */
    public function cancelByRest(Browser $browser, int $id): Page
    {
        return $browser->rest('DELETE', "telemed/v1/visits/{$id}");
    }

    /** Cancelled here, gone there. */
    public function verifyCancelled(Browser $browser, int $id, int $meeting): string
    {
        Check::same('cancelled', $this->row($browser, $id)['state'], 'the state');
        Check::demand(null === $this->zoom->meeting($meeting), "fake-zoom still has {$meeting}");
        $deleted = array_column($this->zoom->state()['deleted_meetings'], 'id');
        Check::demand(in_array($meeting, $deleted, true), "fake-zoom never had {$meeting}");
        return "{$meeting} is gone at fake-zoom";
    }

    /** @return list<int> the rows of the list on its first page */
    private function rows(Browser $browser): array
    {
        return array_map(
            static fn (\DOMElement $row): int => (int) substr($row->getAttribute('id'), strlen('telemed-meeting-')),
            $browser->screen('telemed-meetings')->all('//tr[starts-with(@id, "telemed-meeting-")]')
        );
    }
}
