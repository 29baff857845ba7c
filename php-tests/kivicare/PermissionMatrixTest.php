<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use PHPUnit\Framework\Attributes\DataProvider;

/** Each of our routes by each kind of person. The core's own routes check nothing; ours do not rely on it. */
final class PermissionMatrixTest extends KivicareTestCase
{
    private const PEOPLE = array('admin', 'clinicadmin', 'receptionist', 'otheradmin', 'otherreceptionist', 'doctor1', 'doctor2', 'patient', 'patient2');
    private const BASE = 'kivicare/v1/settings/zoom-telemed';

    /** @return array<string, array{string, string, ?array<string, mixed>, list<string>}> method, route, body, who may */
    public static function routes(): array
    {
        $doctors = array('doctor1', 'doctor2');
        return array(
            'read the settings' => array('GET', '', null, array('admin')),
            'put the settings' => array('PUT', '', array('auth_type' => 'none'), array('admin')),
            'post the settings' => array('POST', '', array('auth_type' => 'none'), array('admin')),
            'read a doctor\'s settings' => array('GET', '/doctor-config', null, $doctors),
            'put a doctor\'s settings' => array('PUT', '/doctor-config', array('auth_type' => 'oauth'), $doctors),
            'authorize' => array('GET', '/authorize', null, $doctors),
            'disconnect' => array('GET', '/disconnect', null, $doctors),
            'test' => array('PUT', '/test-connection', array('auth_type' => 'oauth'), $doctors),
        );
    }

    /**
     * @dataProvider routes
     * @param ?array<string, mixed> $body
     * @param list<string> $allowed
     */
    #[DataProvider('routes')]
    public function testARouteIsOpenToItsPeopleAndToNobodyElse(string $method, string $route, ?array $body, array $allowed): void
    {
        $this->useOAuth();
        foreach (self::PEOPLE as $person) {
            $page = $this->browser($person)->rest($method, self::BASE . $route, $body);
            if (in_array($person, $allowed, true)) {
                $this->assertNotContains($page->status, array(401, 404), "{$person}: {$page->body}");
                $this->assertNotSame('rest_forbidden', $page->json()['code'] ?? '', "{$person}: {$page->body}");
            } else {
                $this->assertSame(403, $page->status, "{$person}: {$page->body}");
            }
        }
        $this->assertSame(401, $this->site->visitor()->rest($method, self::BASE . $route, $body, false)->status, 'nobody');
    }

    public function testADoctorCannotActForAnother(): void
    {
        $this->useOAuth();
        $other = $this->site->userId('doctor2');
        foreach (array(array('GET', '/doctor-config'), array('GET', '/authorize'), array('GET', '/disconnect')) as [$method, $route]) {
            foreach (array('doctor_id', 'doctorId', 'user_id') as $name) {
                $this->assertSame(403, $this->browser('doctor1')->rest($method, self::BASE . "{$route}?{$name}={$other}")->status);
            }
        }
        $this->assertSame(403, $this->browser('doctor1')->rest('PUT', self::BASE . '/doctor-config', array('auth_type' => 'oauth', 'doctor_id' => $other))->status);
        $this->assertSame(403, $this->browser('doctor1')->rest('PUT', self::BASE . '/test-connection', array('auth_type' => 'oauth', 'doctor_id' => $other))->status);
    }

    /** What an appointment's page shows about its video visit, by who asks. */
    public function testOnlyThoseWhomAnAppointmentConcernsSeeItsLinks(): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book();
        $row = $this->visit($id);
        $link = $this->visitLink($row);
        $start = $this->site->url('/?telemed_start=' . $row['id']);
        $sees = array(
            'admin' => $link,
            'clinicadmin' => $link,
            'receptionist' => $link,
            'otheradmin' => '',
            'otherreceptionist' => '',
            'doctor1' => $start,
            'doctor2' => '',
            'patient' => $link,
            'patient2' => '',
        );
        foreach ($sees as $person => $expected) {
            foreach (array("appointments/{$id}", "appointments/{$id}/view") as $route) {
                $this->assertSees($expected, $this->kc($person, 'GET', $route)->json()['data'], "{$person} at {$route}");
            }
            foreach (array('appointments' => 'appointments', 'dashboard/upcoming-appointments' => '') as $route => $key) {
                $data = $this->kc($person, 'GET', $route)->json()['data'];
                $this->assertSees($expected, ('' === $key ? $data : $data[$key])[0], "{$person} at {$route}");
            }
        }
        $page = $this->site->visitor()->rest('GET', self::ROUTE . "appointments/{$id}", null, false);
        $this->assertSame(401, $page->status);
    }

    /** @param array<string, mixed> $item */
    private function assertSees(string $expected, array $item, string $who): void
    {
        $text = json_encode($item, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
        $this->assertSame($expected, $item['video_url'] ?? '', "{$who}: {$text}");
        $this->assertSame('' !== $expected, $item['video_consultation'], "{$who}: {$text}");
        $this->assertSame($expected, $item['zoom_data']['startUrl'] ?? '', "{$who}: {$text}");
        // Neither Zoom's links nor a host's token for anybody.
        $this->assertDoesNotMatchRegularExpression('~/j/\d|/s/\d|zak=|pwd=~', $text, $who);
        if ('' === $expected) {
            $this->assertStringNotContainsString('telemed_visit', $text, $who);
        }
    }
}
