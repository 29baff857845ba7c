<?php
/**
 * Asks administrators whether a site whose fingerprint does not fit has moved or is a copy, and does what the answer means.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Care\CopiedSite;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class GuardNotice
{
    public const ACTION_MOVED = 'telemed_site_moved';
    public const ACTION_COPY = 'telemed_site_copy';

    public function __construct(private readonly Guard $guard, private readonly CopiedSite $copy)
    {
    }

    public function register(): void
    {
        add_action('admin_notices', [$this, 'show']);
        AdminPost::on(self::ACTION_MOVED, Capabilities::ADMIN, function (): string {
            $this->guard->remember();
            Notice::flash('success', __('This is the site that holds the video visits. Everything at Zoom goes on from here.', 'telemed-zoom'));
            return admin_url();
        });
        AdminPost::on(self::ACTION_COPY, Capabilities::ADMIN, function (): string {
            if ($this->guard->mayAct()) {
                // An old page of the browser: the site that acts is no copy.
                return admin_url();
            }
            try {
                $this->copy->becomeItsOwn();
            } catch (DatabaseException) {
                Notice::flash('error', __('The database did not answer. Nothing is done at Zoom from here; answer again.', 'telemed-zoom'));
                return admin_url();
            } catch (Problem $problem) {
                Notice::flash('error', ErrorText::of($problem));
                return admin_url();
            }
            Notice::flash('success', __('This site is a copy: it has forgotten all connections to Zoom, and ended none. To make video visits from here, choose again how it uses Zoom.', 'telemed-zoom'));
            return AdminPages::settings();
        });
    }

    public function show(): void
    {
        $doubt = Capabilities::isAdmin() ? $this->guard->doubt() : null;
        if ($doubt === null) {
            return;
        }
        echo '<div class="notice notice-error" id="telemed-guard-notice"><p><strong>' . esc_html__('Telemed for Zoom:', 'telemed-zoom') . '</strong> ' .
            esc_html(ucfirst($doubt)) . '.</p>';
        if ($this->guard->isRestingCopy()) {
            echo '<p><a href="' . esc_url(AdminPages::settings()) . '">' . esc_html__('Settings', 'telemed-zoom') . '</a></p></div>';
            return;
        }
        echo '<p>' . esc_html__('Until you answer, no visit is made, moved, cancelled or started from here, no connection is renewed and no e-mail is sent. If the site where they were set up is still in use, this is a copy: it forgets the connections of all doctors, touches no meeting of that site, and does nothing until you choose how it uses Zoom. Do not answer so if both addresses use this very database.', 'telemed-zoom') . '</p><p>';
        AdminPost::button(self::ACTION_MOVED, __('The site has moved: go on from here', 'telemed-zoom'));
        echo ' ';
        AdminPost::button(
            self::ACTION_COPY,
            __('This is a copy', 'telemed-zoom'),
            [],
            'button',
            __('All connections of doctors are forgotten here, and upcoming visits lose their meetings. Is this site\'s database a copy of its own?', 'telemed-zoom')
        );
        echo '</p></div>';
    }
}
