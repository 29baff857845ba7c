<?php
/**
 * The comparison with Zoom on the list of meetings, for administrators: first only looked at, then done.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Reconcile\Finding;
use TelemedZoom\Reconcile\Reconcile;
use TelemedZoom\Reconcile\SettingsLook;
use TelemedZoom\Reconcile\Tally;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class ReconcileScreen
{
    public const ACTION_COMPARE = 'telemed_compare';
    public const ACTION_MEND = 'telemed_mend';
    private const KEEP_SECONDS = 600;
    /** Somebody sits before the screen, and web servers wait no longer than a minute. */
    private const SETTINGS_SECONDS = 20.0;
    /** More are counted only. */
    private const SHOWN = 200;
    private const NAMED = 20;

    public function __construct(private readonly Reconcile $reconcile, private readonly Settings $settings)
    {
    }

    public function register(): void
    {
        AdminPost::on(self::ACTION_COMPARE, Capabilities::ADMIN, fn(): string => $this->run(true));
        AdminPost::on(self::ACTION_MEND, Capabilities::ADMIN, fn(): string => $this->run(false));
    }

    /** Below the list. */
    public static function print(): void
    {
        if (!Capabilities::isAdmin()) {
            return;
        }
        echo '<h2>' . esc_html__('Compare with Zoom', 'telemed-zoom') . '</h2><p>' .
            esc_html__('Finds meetings that were moved or deleted in Zoom, settings that were changed there, and meetings of this site that no visit needs. It also runs every night; settings of visits more than a week ahead are then looked at once a week. This button changes nothing.', 'telemed-zoom') . '</p>';
        AdminPost::button(self::ACTION_COMPARE, __('Compare with Zoom', 'telemed-zoom'), [], 'button telemed-compare');
        $result = get_transient(self::transient());
        delete_transient(self::transient());
        if (is_array($result)) {
            printf('<div id="telemed-findings" tabindex="-1" role="status" data-dry-run="%d" data-count="%d">', (int) $result['dryRun'], count($result['findings']));
            self::printFindings((bool) $result['dryRun'], (array) $result['findings'], (array) $result);
            self::printLook((array) $result);
            echo '</div>';
        }
    }

    private function run(bool $dryRun): string
    {
        if ($this->settings->mode() === null) {
            Notice::flash('warning', __('Nothing was compared: the clinic has not chosen yet how it uses Zoom. Choose it under Telemed, Settings.', 'telemed-zoom'));
            return AdminPages::meetings();
        }
        try {
            $tally = new Tally();
            $findings = array_map(static fn(Finding $finding): array => [
                'host' => $finding->host, 'row' => $finding->row, 'text' => $finding->text(), 'action' => $finding->action,
            ], $this->reconcile->run($dryRun, null, SettingsLook::atAll(self::SETTINGS_SECONDS), tally: $tally));
            set_transient(self::transient(), ['dryRun' => $dryRun, 'findings' => $findings] + get_object_vars($tally), self::KEEP_SECONDS);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('The comparison could not run:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
            return AdminPages::meetings();
        }
        return AdminPages::meetings() . '#telemed-findings';
    }

    /**
     * @param list<array{host: string, row: ?int, text: string, action: string}> $findings
     * @param array<string, mixed> $look a Tally's numbers
     */
    private static function printFindings(bool $dryRun, array $findings, array $look): void
    {
        if ($findings === []) {
            echo '<p><strong>' . esc_html(match (true) {
                (int) $look['hosts'] === 0 => __('Nothing was compared: no doctor has a host at Zoom yet, and no visit has a meeting there.', 'telemed-zoom'),
                !$dryRun => __('Nothing was left to do.', 'telemed-zoom'),
                (array) $look['leftAlone'] === [] => __('Nothing differs.', 'telemed-zoom'),
                (int) $look['visits'] === 0 => __('No visit was compared.', 'telemed-zoom'),
                default => __('Nothing differs in what was looked at.', 'telemed-zoom'),
            }) . '</strong></p>';
            return;
        }
        echo '<p><strong>' . esc_html(sprintf(
            $dryRun
                /* translators: %d: number of differences */
                ? _n('%d difference was found. Nothing has been changed yet.', '%d differences were found. Nothing has been changed yet.', count($findings), 'telemed-zoom')
                /* translators: %d: number of differences */
                : _n('%d difference was treated:', '%d differences were treated:', count($findings), 'telemed-zoom'),
            count($findings)
        )) . '</strong></p><table class="widefat striped telemed-table"><thead><tr>';
        foreach ([__('Host', 'telemed-zoom'), __('Visit', 'telemed-zoom'), __('What', 'telemed-zoom')] as $heading) {
            echo '<th scope="col">' . esc_html($heading) . '</th>';
        }
        echo '</tr></thead><tbody>';
        foreach (array_slice($findings, 0, self::SHOWN) as $finding) {
            printf(
                '<tr data-action="%s"><td>%s</td><td>%s</td><td>%s</td></tr>',
                esc_attr($finding['action']),
                esc_html($finding['host']),
                $finding['row'] === null ? '–' : sprintf('<a href="%s">%d</a>', esc_url(AdminPages::meeting($finding['row'])), (int) $finding['row']),
                esc_html($finding['text'])
            );
        }
        echo '</tbody></table>';
        if (count($findings) > self::SHOWN) {
            echo '<p>' . esc_html(sprintf(
                /* translators: %d: number of differences */
                __('And %d more.', 'telemed-zoom'),
                count($findings) - self::SHOWN
            )) . '</p>';
        }
        $isTreatable = array_filter($findings, static fn(array $finding): bool => !in_array($finding['action'], ['unreachable', Finding::LEFT_OUT], true)) !== [];
        if ($dryRun && $isTreatable) {
            AdminPost::button(
                self::ACTION_MEND,
                __('Do it', 'telemed-zoom'),
                [],
                'button button-primary telemed-mend',
                __('Change these meetings at Zoom now?', 'telemed-zoom')
            );
        }
    }

    /**
     * What was looked at, and which visits were not.
     *
     * @param array<string, mixed> $look a Tally's numbers
     */
    private static function printLook(array $look): void
    {
        if ((int) $look['hosts'] > 0) {
            echo '<p id="telemed-looked-at">' . esc_html(sprintf(
                /* translators: 1: number of visits, 2: number of hosts */
                __('Visits compared: %1$s. Hosts at Zoom: %2$s.', 'telemed-zoom'),
                number_format_i18n((int) $look['visits']),
                number_format_i18n((int) $look['hosts'])
            )) . '</p>';
        }
        $rows = array_map('intval', (array) $look['leftAlone']);
        if ($rows === []) {
            return;
        }
        echo '<p id="telemed-left-alone" data-count="' . count($rows) . '">' . esc_html(sprintf(
            /* translators: %s: number of visits */
            _n(
                '%s visit was not looked at, because it was changed within the last 15 minutes or is being changed. Compare again in a quarter of an hour, or leave it to the night:',
                '%s visits were not looked at, because they were changed within the last 15 minutes or are being changed. Compare again in a quarter of an hour, or leave them to the night:',
                count($rows),
                'telemed-zoom'
            ),
            number_format_i18n(count($rows))
        ));
        foreach (array_slice($rows, 0, self::NAMED) as $row) {
            printf(' <a href="%s">%d</a>', esc_url(AdminPages::meeting($row)), (int) $row);
        }
        echo (count($rows) > self::NAMED ? ' …' : '') . '</p>';
    }

    private static function transient(): string
    {
        return 'telemed_findings_' . get_current_user_id();
    }
}
