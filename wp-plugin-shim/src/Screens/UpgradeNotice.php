<?php
/**
 * Tells administrators that visits of the version before are still to be moved, which goes on by itself.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Migration\Upgrade;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class UpgradeNotice
{
    public function __construct(private readonly Upgrade $upgrade)
    {
    }

    public function register(): void
    {
        add_action('admin_notices', [$this, 'show']);
    }

    public function show(): void
    {
        try {
            $left = Capabilities::isAdmin() ? (int) $this->upgrade->left() : 0;
        } catch (DatabaseException) {
            return;
        }
        if ($left > 0) {
            Notice::print('warning', esc_html(sprintf(
                /* translators: %d: number of visits */
                _n(
                    'Telemed for Zoom: %d visit is still to be moved into the tables of the new version. That goes on by itself, as soon as the new PHP extension is there, and the encryption key; its visit link leads on until then. If it has not been moved after some minutes, its row cannot be read: ask for help before you delete anything.',
                    'Telemed for Zoom: %d visits are still to be moved into the tables of the new version. That goes on by itself, as soon as the new PHP extension is there, and the encryption key; their visit links lead on until then. Those that have not been moved after some minutes have rows that cannot be read: ask for help before you delete anything.',
                    $left,
                    'telemed-zoom'
                ),
                $left
            )), 'telemed-upgrade-notice');
        }
    }
}
