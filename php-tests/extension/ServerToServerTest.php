<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use Telemed\ConfigurationException;
use Telemed\NotFoundException;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** Server-to-Server OAuth, "enterprise": any user of the account hosts. */
final class ServerToServerTest extends ExtensionTestCase
{
    public function testMeetingsBelongToTheHostThatIsNamed(): void
    {
        $client = $this->serverApp()->client();
        $this->assertSame(array(), $this->zoom->requests(), 'making a client is no request');

        $byId = $client->createMeeting($this->visit(FakeZoom::DOCTOR1));
        $byEmail = $client->createMeeting($this->visit(FakeZoom::DOCTOR2_EMAIL));
        $this->assertSame(FakeZoom::DOCTOR1, $byId->hostId());
        $this->assertSame(FakeZoom::DOCTOR2, $byEmail->hostId());
        $this->assertSame(FakeZoom::DOCTOR1, $this->zoom->meeting($byId->id())['host_id']);
        $this->assertSame(FakeZoom::DOCTOR2, $this->zoom->meeting($byEmail->id())['host_id']);
        $this->assertNotContains(FakeZoom::OWNER, array($byId->hostId(), $byEmail->hostId()));
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/token'), 'one token for both');

        $this->assertSame($byId->id(), $client->meetings(FakeZoom::DOCTOR1_EMAIL)[0]->id());
        $this->assertSame('Ben Example', $client->user(FakeZoom::DOCTOR2)->name());
        $moved = $client->updateMeeting($byEmail->id(), $this->visit(null, '2031-01-01T12:00:00Z', 20));
        $this->assertSame(FakeZoom::DOCTOR2, $moved->hostId(), 'the host stays');
        $this->assertStringContainsString('zak=', $client->startUrl($byId->id()));
        $this->assertTrue($client->deleteMeeting($byId->id()));
        $this->assertFalse($client->deleteMeeting($byId->id()));
    }

    public function testTheTokenRequestIsAsZoomWantsIt(): void
    {
        $this->serverApp()->client()->user(FakeZoom::DOCTOR1);
        $request = $this->zoom->requests('POST', '/oauth/token')[0];
        parse_str($request['body'], $body);
        $this->assertSame(
            array('grant_type' => 'account_credentials', 'account_id' => FakeZoom::ACCOUNT),
            array('grant_type' => $body['grant_type'], 'account_id' => $body['account_id'])
        );
        $this->assertSame('', $request['query']);
        $this->assertSame(
            'Basic ' . base64_encode(FakeZoom::S2S_CLIENT_ID . ':' . FakeZoom::S2S_CLIENT_SECRET),
            $request['headers']['authorization']
        );
    }

    public function testThereIsNoFallbackHost(): void
    {
        $client = $this->serverClient();
        foreach (array(null, 'me', 'ME') as $host) {
            $exception = $this->failure(
                ConfigurationException::class,
                fn () => $client->createMeeting($this->visit($host))
            );
            $this->assertFalse($exception->maybeDelivered);
            $this->failure(ConfigurationException::class, static fn () => $client->meetings($host));
            $this->failure(ConfigurationException::class, static fn () => $client->user($host));
        }
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testUsersFollowsEveryPage(): void
    {
        $users = array();
        for ($i = 0; $i < 650; $i++) {
            $users[] = array(
                'id' => sprintf('uSeR%06dexAmple_Zo-mAA', $i),
                'account_id' => FakeZoom::ACCOUNT,
                'email' => "user{$i}@clinic.example",
                'first_name' => 'User',
                'last_name' => (string) $i,
                'type' => 1,
            );
        }
        $this->zoom->seed(array('users' => $users));
        $this->zoom->settings(array('rate_limits' => false));
        $found = $this->serverClient()->users();
        $ids = array_map(static fn ($user) => $user->id(), $found);
        $this->assertCount(654, $found, '650 and the four active ones of the seed');
        $this->assertCount(654, array_unique($ids));
        $this->assertNotContains(FakeZoom::INACTIVE, $ids);
        $this->assertCount(3, $this->apiRequests('GET'));
    }

    public function testAUserIsReadWhole(): void
    {
        $client = $this->serverClient();
        $user = $client->user(FakeZoom::DOCTOR1_EMAIL);
        $this->assertSame(FakeZoom::DOCTOR1, $user->id());
        $this->assertSame(FakeZoom::DOCTOR1_EMAIL, $user->email());
        $this->assertSame('Dora Example', $user->name());
        $this->assertTrue($user->isLicensed());
        $this->assertSame('active', $user->status());
        $this->assertSame('Europe/Berlin', $user->timezone());
        $this->assertSame(FakeZoom::ACCOUNT, $user->accountId());
        $this->assertFalse($client->user(FakeZoom::BASIC)->isLicensed());
        $this->assertSame('inactive', $client->user(FakeZoom::INACTIVE)->status());
        $this->failure(NotFoundException::class, static fn () => $client->user('nobody@clinic.example'));
    }

    public function testAnAccountsUsersAreItsOwn(): void
    {
        $client = $this->serverClient();
        $exception = $this->failure(
            NotFoundException::class,
            fn () => $client->createMeeting($this->visit(FakeZoom::CLASSIC_USER_EMAIL))
        );
        $this->assertSame(404, $exception->status);
        $this->assertContains($exception->zoomCode, array(1001, 1010));
        $this->assertSame(array(), $this->zoom->state()['meetings']);
    }

    public function testAnAppWithClassicScopesWorks(): void
    {
        $app = $this->classicApp();
        $meeting = $app->client()->createMeeting($this->visit(FakeZoom::CLASSIC_USER_EMAIL));
        $this->assertSame('private@practice.example', $meeting->hostEmail());
    }

    public function testDisconnectRevokesAndTheNextCallGetsANewToken(): void
    {
        $app = $this->serverApp();
        $app->client()->user(FakeZoom::DOCTOR1);
        $this->zoom->forgetRequests();
        $app->disconnect();
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame(array(), $this->store->records);
        $this->assertSame(FakeZoom::DOCTOR1, $app->client()->user(FakeZoom::DOCTOR1)->id());
        $this->assertSame(0, $this->store->locksLeft());
    }
}
