<?php
/**
 * The credentials of one app at Zoom, its secret sealed.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

defined('ABSPATH') || exit;

final class App
{
    /**
     * @param string $account     whose app it is; '' for one of grants, which belongs to nobody's account in particular
     * @param string $client      its client id
     * @param string $secret      sealed; '' where none is known
     * @param string $context     what the secret is sealed under, so that it cannot be put in another's place
     * @param string $redirectUrl where Zoom sends people back; '' where it sends nobody
     */
    public function __construct(
        public readonly Mode $mode,
        public readonly string $account,
        public readonly string $client,
        #[\SensitiveParameter] public readonly string $secret,
        public readonly string $context,
        public readonly string $redirectUrl = ''
    ) {
    }

    /** @throws \Telemed\TelemedException */
    public static function seal(Mode $mode, string $account, string $client, #[\SensitiveParameter] string $secret, \Telemed\Vault $vault, string $redirectUrl = ''): self
    {
        $context = self::contextOf($mode);
        return new self($mode, $account, $client, $vault->seal($secret, $context), $context, $redirectUrl);
    }

    /** What secrets of this mode are sealed under. */
    public static function contextOf(Mode $mode): string
    {
        return Settings::context($mode->field('client_secret'));
    }

    /**
     * The secret in clear; '' where none is known.
     *
     * @throws \Telemed\TelemedException when no key opens it
     */
    public function openSecret(\Telemed\Vault $vault): string
    {
        return $this->secret === '' ? '' : $vault->open($this->secret, $this->context);
    }

    /** Whether it is the same app, whatever its secret and its redirect URL. */
    public function is(self $other): bool
    {
        return $this->isNamed($other->mode, $other->account, $other->client);
    }

    public function isNamed(Mode $mode, string $account, string $client): bool
    {
        return $this->mode === $mode && $this->account === $account && $this->client === $client;
    }

    /** The same secret and its context under other names. */
    public function named(string $account, string $client, string $redirectUrl): self
    {
        return new self($this->mode, $account, $client, $this->secret, $this->context, $redirectUrl);
    }
}
