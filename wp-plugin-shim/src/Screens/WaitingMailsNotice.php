<?php
/**
 * Tells staff of mails about visits that wait, because many went to one address or of one doctor's visits within an hour.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Mail\WaitingMails;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class WaitingMailsNotice
{
    public function __construct(private readonly WaitingMails $mails)
    {
    }

    public function register(): void
    {
        add_action('admin_notices', [$this, 'show']);
    }

    public function show(): void
    {
        $screen = get_current_screen();
        if (!Capabilities::isAdmin() || !(AdminPages::isOwn() || $screen?->id === 'dashboard')) {
            return;
        }
        try {
            $waiting = $this->mails->countHeldBack();
        } catch (DatabaseException) {
            return;
        }
        if ($waiting > 0) {
            Notice::print('warning', esc_html(sprintf(
                /* translators: %d: number of mails */
                _n(
                    '%d mail about a visit waits, because many mails went to its address, or about visits of its doctor, within an hour. It goes by itself. Look at whether somebody books or moves visits in error; the visit is marked in the list of meetings.',
                    '%d mails about visits wait, because many mails went to one address, or about visits of one doctor, within an hour. They go by themselves. Look at whether somebody books or moves visits in error; the visits are marked in the list of meetings.',
                    $waiting,
                    'telemed-zoom'
                ),
                $waiting
            )), 'telemed-waiting-mails');
        }
    }
}
