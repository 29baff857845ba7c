<?php
/**
 * The screen of visits that somebody lets go of, and where its answers and those of the profile page arrive: of a doctor who
 * disconnects or has left, or of former Zoom apps.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\ErrorText;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class HandoverScreen
{
    public function __construct(
        private readonly DepartureQuestion $departure,
        private readonly FormerAppQuestion $apps,
        private readonly ZoomUserQuestion $zoomUser
    ) {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addPage']);
        // Reached by links, and no entry of the menu.
        add_action('admin_head', static fn() => remove_submenu_page(AdminPages::MEETINGS, AdminPages::HANDOVER));
        add_filter('submenu_file', static fn($file) => ($GLOBALS['plugin_page'] ?? '') !== AdminPages::HANDOVER ? $file : (self::isAboutApps() ? AdminPages::SETTINGS : AdminPages::MEETINGS));
        AdminPost::on(HandoverView::ACTION, 'read', [$this, 'answer']);
    }

    public function addPage(): void
    {
        $title = __('Upcoming visits', 'telemed-zoom');
        $hook = (string) add_submenu_page(AdminPages::MEETINGS, $title, $title, Capabilities::menu(), AdminPages::HANDOVER, [$this, 'show']);
        add_action('load-' . $hook, static function (): void {
            if (self::isAboutApps() && !Capabilities::isAdmin()) {
                AdminPost::forbid();
            }
            nocache_headers();
            header('Cache-Control: no-store, private, max-age=0');
        });
    }

    public function show(): void
    {
        echo '<div class="wrap" id="telemed-handover">';
        try {
            self::isAboutApps() ? $this->apps->print() : $this->departure->print(self::doctor());
        } catch (DatabaseException $failure) {
            Notice::print('error', esc_html(ErrorText::of($failure)));
        }
        echo '</div>';
    }

    /** @param array<string, mixed> $fields */
    public function answer(array $fields): string
    {
        $question = match (AdminPost::text($fields, 'who')) {
            'doctor' => $this->departure,
            'app' => $this->apps,
            'zoom_user' => $this->zoomUser,
            default => AdminPost::forbid(),
        };
        $which = AdminPost::text($fields, 'which');
        [$answer, $heir] = HandoverView::choice(AdminPost::text($fields, 'choice')) ?? [null, null];
        if (!$question->mayAnswer($which, $answer)) {
            AdminPost::forbid();
        }
        return $question->answer($which, $answer, $heir);
    }

    private static function isAboutApps(): bool
    {
        return !isset($_GET['doctor']); // phpcs:ignore WordPress.Security.NonceVerification
    }

    private static function doctor(): int
    {
        $id = $_GET['doctor'] ?? ''; // phpcs:ignore WordPress.Security.NonceVerification
        return is_string($id) && ctype_digit($id) ? (int) $id : 0;
    }
}
