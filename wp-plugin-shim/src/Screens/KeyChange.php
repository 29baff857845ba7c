<?php
/**
 * Seals everything anew when the first key is another than before: a TELEMED_KEY added later takes over from the salts.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Clinic\AppRegistry;
use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Extension;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Store\LinkSeals;

defined('ABSPATH') || exit;

final class KeyChange
{
    /** While somebody waits for a page of wp-admin. */
    private const PAGE_SECONDS = 5.0;

    public function __construct(
        private readonly EncryptionKey $key,
        private readonly Extension $extension,
        private readonly Settings $settings,
        private readonly AppRegistry $registry,
        private readonly AppOpener $opener,
        private readonly LinkSeals $links
    ) {
    }

    public function register(): void
    {
        add_action('admin_init', [$this, 'watch'], 20);
    }

    public function watch(): void
    {
        if (!Capabilities::isAdmin() || wp_doing_ajax() || !$this->extension->isUsable() || $this->key->source() === EncryptionKey::NONE) {
            return;
        }
        $known = get_option(EncryptionKey::OPTION_KNOWN, '');
        if ($known === $this->key->fingerprint()) {
            return;
        }
        try {
            $unreadable = $this->reseal();
            $isDone = $this->resealLinks(self::PAGE_SECONDS) !== null;
        } catch (DatabaseException | Problem | \Telemed\TelemedException) {
            // Nothing is lost: all keys still open. The next page of an administrator tries again.
            return;
        }
        if (!$isDone) {
            return;
        }
        update_option(EncryptionKey::OPTION_KNOWN, $this->key->fingerprint());
        if ($unreadable > 0) {
            Notice::flash('error', __('The site\'s encryption key has changed, and what it protected cannot be opened any more. Enter the client secret again; doctors with their own Zoom account authorize again on their profile. Meetings and join links that exist keep working.', 'telemed-zoom'));
        } elseif ($known !== '') {
            Notice::flash('success', __('All stored secrets are now sealed under the new encryption key.', 'telemed-zoom'));
        }
    }

    /**
     * @return int how many secrets no key opens any more
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function reseal(): int
    {
        $vault = $this->key->vault();
        $unreadable = count($this->settings->reseal($vault)) + $this->registry->reseal($vault);
        $store = $this->opener->tokenStore();
        foreach ($store->keys() as $key) {
            $sealed = $store->load($key);
            if ($sealed === null) {
                continue;
            }
            try {
                // Refused when a refresh has just saved: that was sealed under the new key.
                $store->save($key, $vault->reseal($sealed, $key), $sealed);
            } catch (\Telemed\VaultException) {
                $unreadable++;
            }
        }
        return $unreadable;
    }

    /**
     * The links of visits, too.
     *
     * @return ?int how many no key opens any more; null: it is not done yet
     * @throws DatabaseException|Problem
     */
    public function resealLinks(float $seconds = INF): ?int
    {
        return $this->links->reseal($seconds);
    }
}
