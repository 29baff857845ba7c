<?php
/**
 * The page Telemed, KiviCare for administrators: what the commercial add-on has left, taking it over, what was done, and how to
 * move out again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\AdminPost;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class TakeOverScreen
{
    public const ACTION = 'telemed_kivicare_takeover';

    public function __construct(private readonly TakeOver $takeOver)
    {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addMenu'], 20);
        AdminPost::on(self::ACTION, Capabilities::ADMIN, [$this, 'run']);
    }

    public function addMenu(): void
    {
        add_submenu_page(AdminPages::MEETINGS, __('KiviCare', 'telemed-zoom'), __('KiviCare', 'telemed-zoom'), Capabilities::ADMIN, AdminPages::KIVICARE, [$this, 'show']);
    }

    public function show(): void
    {
        echo '<div class="wrap" id="telemed-kivicare"><h1>' . esc_html__('KiviCare', 'telemed-zoom') . '</h1>';
        $this->showReport();
        $preview = $this->takeOver->preview();
        if (TakeOver::isEmpty($preview)) {
            echo '<p id="telemed-takeover-nothing">' . esc_html__('There is nothing of the KiviCare Telemed add-on left to take over.', 'telemed-zoom') . '</p>';
        } else {
            $this->showPreview($preview);
        }
        echo '<h2>' . esc_html__('Moving out', 'telemed-zoom') . '</h2><p>' .
            esc_html__('Deactivate Telemed for Zoom and activate the other add-on. Enter the app\'s client secret there; each doctor connects again, for tokens are never given back in clear. Visits that were booked keep their meetings in Zoom, but their visit links lead nowhere while this plugin is off: copy the join links from Zoom for the visits to come.', 'telemed-zoom') . '</p></div>';
    }

    public function run(): string
    {
        try {
            $this->takeOver->run();
            Notice::flash('success', __('The take-over has run. What was done, and what is left to do, stands below.', 'telemed-zoom'));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('Nothing was taken over:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
        }
        return admin_url('admin.php?page=' . AdminPages::KIVICARE);
    }

    /** @param array{mode: string, client_id: string, redirect_url: string, connected: list<int>, accounts: list<int>, visits: int, start_urls: int, useless: int} $preview */
    private function showPreview(array $preview): void
    {
        $names = static fn(array $doctors): string => $doctors === [] ? '–' : implode(', ', array_map([Doctors::class, 'name'], $doctors));
        $rows = [
            __('Mode', 'telemed-zoom') => $preview['mode'],
            __('Client ID', 'telemed-zoom') => $preview['client_id'] ?: '–',
            __('Redirect URL, which stays in force', 'telemed-zoom') => $preview['redirect_url'] ?: '–',
            __('Doctors who stay connected', 'telemed-zoom') => $names($preview['connected']),
            __('Doctors with Server-to-Server credentials', 'telemed-zoom') => $names($preview['accounts']),
            __('Visits to come that keep their meeting', 'telemed-zoom') => (string) $preview['visits'],
            __('Stored start links, which log in as the doctor: removed', 'telemed-zoom') => (string) $preview['start_urls'],
            __('People with old keys of no use: removed', 'telemed-zoom') => (string) $preview['useless'],
        ];
        echo '<h2>' . esc_html__('Take over from the KiviCare Telemed add-on', 'telemed-zoom') . '</h2><p>' .
            esc_html__('Secrets are sealed first; only then the copies in clear text are removed. Make a backup of the database before.', 'telemed-zoom') . '</p><table class="widefat striped" id="telemed-takeover-preview"><tbody>';
        foreach ($rows as $title => $value) {
            printf('<tr><th scope="row">%s</th><td>%s</td></tr>', esc_html($title), esc_html($value));
        }
        echo '</tbody></table><p>';
        AdminPost::button(self::ACTION, __('Take over', 'telemed-zoom'), [], 'button button-primary');
        echo '</p>';
    }

    private function showReport(): void
    {
        $last = get_option(TakeOver::OPTION);
        if (!is_array($last) || !is_array($last['report'] ?? null)) {
            return;
        }
        echo '<h2>' . esc_html(sprintf(
            /* translators: 1: date and time, 2: name */
            __('Taken over on %1$s by %2$s', 'telemed-zoom'),
            (string) wp_date(get_option('date_format') . ' ' . get_option('time_format'), (int) $last['at']),
            Doctors::name((int) $last['by'])
        )) . '</h2><ul class="ul-disc" id="telemed-takeover-report">';
        foreach ($last['report'] as [$kind, $text]) {
            printf('<li data-kind="%s">%s%s</li>', esc_attr($kind), $kind === 'todo' ? '<strong>' . esc_html__('To do:', 'telemed-zoom') . '</strong> ' : '', esc_html($text));
        }
        echo '</ul>';
    }
}
