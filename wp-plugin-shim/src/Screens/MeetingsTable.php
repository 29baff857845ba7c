<?php
/**
 * The list of meetings.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Mail\WaitingMails;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;

defined('ABSPATH') || exit;

require_once ABSPATH . 'wp-admin/includes/class-wp-list-table.php';

final class MeetingsTable extends \WP_List_Table
{
    private const PER_PAGE = 20;

    /** @var array<int, list<int>> see Overlaps::of() */
    private array $overlapping = [];
    /** @var list<int> rows of which a mail was refused */
    private array $unmailed = [];
    /** @var list<int> rows of which a mail waits, for there were too many */
    private array $heldBack = [];

    public function __construct(
        private readonly LedgerQueries $queries,
        private readonly Overlaps $overlaps,
        private readonly Standing $standing,
        private readonly WaitingMails $waiting,
        private readonly StartLink $startLink,
        private readonly Settings $settings
    ) {
        parent::__construct(['singular' => 'meeting', 'plural' => 'meetings', 'ajax' => false]);
    }

    /** @return array<string, string> */
    public function get_columns()
    {
        return [
            'doctor' => __('Doctor', 'telemed-zoom'),
            /* translators: %s: time zone */
            'site_start' => sprintf(__('Start (clinic, %s)', 'telemed-zoom'), wp_timezone()->getName()),
            'doctor_start' => __('Start (doctor)', 'telemed-zoom'),
            'minutes' => __('Minutes', 'telemed-zoom'),
            'state' => __('State', 'telemed-zoom'),
            'visit' => __('Visit', 'telemed-zoom'),
        ];
    }

    public function prepare_items()
    {
        $this->_column_headers = [$this->get_columns(), [], [], 'doctor'];
        $page = $this->queries->page(self::doctor(), self::when(), $this->get_pagenum(), self::PER_PAGE);
        $this->items = $this->standing->shown($page['records']);
        cache_users(array_map(static fn(MeetingRecord $record): int => $record->doctor, $this->items));
        $this->heldBack = $this->waiting->heldBack(array_map(static fn(MeetingRecord $record): int => $record->id, $this->items));
        $this->unmailed = $this->waiting->refused(array_map(static fn(MeetingRecord $record): int => $record->id, $this->items));
        $this->overlapping = $this->overlaps->of(array_values(array_filter(
            $this->items,
            static fn(MeetingRecord $record): bool => $record->state->isLive() && !$record->isOver()
        )));
        $this->set_pagination_args(['total_items' => $page['total'], 'per_page' => self::PER_PAGE]);
    }

    public function no_items()
    {
        echo esc_html(self::when() === 'upcoming'
            ? __('No upcoming meetings. Click New meeting to make one.', 'telemed-zoom')
            : __('No meetings.', 'telemed-zoom'));
    }

    /** @return array<string, string> */
    protected function get_views()
    {
        $views = [];
        $labels = ['upcoming' => __('Upcoming', 'telemed-zoom'), 'past' => __('Past', 'telemed-zoom'), 'all' => __('All', 'telemed-zoom')];
        foreach ($labels as $when => $label) {
            $views[$when] = sprintf(
                '<a href="%s"%s>%s <span class="count">(%s)</span></a>',
                esc_url(AdminPages::meetings($when)),
                $when === self::when() ? ' class="current" aria-current="page"' : '',
                esc_html($label),
                esc_html(number_format_i18n($this->queries->count(self::doctor(), $when)))
            );
        }
        return $views;
    }

    protected function display_tablenav($which)
    {
        // No bulk actions, hence no form and no nonce of the list's own.
        if ($which === 'bottom') {
            echo '<div class="tablenav bottom">';
            $this->pagination($which);
            echo '<br class="clear"></div>';
        }
    }

    public function single_row($item)
    {
        printf('<tr id="telemed-meeting-%d" data-state="%s">', (int) $item->id, esc_attr($item->state->value));
        $this->single_row_columns($item);
        echo '</tr>';
    }

    /** @param MeetingRecord $item */
    protected function column_doctor($item): string
    {
        return sprintf('<strong><a class="row-title telemed-open" href="%s">%s</a></strong>', esc_url(AdminPages::meeting($item->id)), esc_html(Doctors::name($item->doctor))) . '<br><span class="description">' . esc_html($item->topic) . '</span>';
    }

    /** @param MeetingRecord $item */
    protected function column_site_start($item): string
    {
        return self::moment($item->start, wp_timezone());
    }

    /** @param MeetingRecord $item */
    protected function column_doctor_start($item): string
    {
        $zone = Doctors::timezone($item->doctor);
        return self::moment($item->start, $zone) . '<br><span class="description">' . esc_html($zone->getName()) . '</span>';
    }

    /** @param MeetingRecord $item */
    protected function column_minutes($item): string
    {
        return esc_html(number_format_i18n($item->minutes));
    }

    /** @param MeetingRecord $item */
    protected function column_state($item): string
    {
        $html = sprintf('<span class="telemed-state telemed-state-%s">%s</span>', esc_attr($item->state->value), esc_html($item->state->label()));
        if ($item->lastError !== null && $item->lastError !== '') {
            $html .= '<p class="telemed-error">' . esc_html($item->lastError) . '</p>';
        }
        $html .= MeetingHtml::nextTry($item);
        if ($item->state->isOpen() && !$item->isOver()) {
            ob_start();
            AdminPost::button(MeetingHtml::ACTION_TRY, __('Try now', 'telemed-zoom'), ['meeting' => $item->id], 'button button-small telemed-try');
            $html .= ob_get_clean();
        }
        if (isset($this->overlapping[$item->id])) {
            $html .= '<p class="telemed-error telemed-overlaps">' . esc_html__('Overlaps with another visit of this host: Zoom runs one at a time.', 'telemed-zoom') . '</p>';
        }
        if (in_array($item->id, $this->heldBack, true)) {
            $html .= '<p class="telemed-error telemed-mail-waits">' . esc_html__('A mail about this visit waits: many went to its address, or about this doctor\'s visits, within an hour.', 'telemed-zoom') . '</p>';
        }
        if (in_array($item->id, $this->unmailed, true)) {
            $html .= '<p class="telemed-error telemed-unmailed">' . esc_html__('A mail about this visit could not be sent.', 'telemed-zoom') . '</p>';
        }
        if ($item->overridden !== [] && $item->isReady()) {
            $html .= '<p class="telemed-error">' . esc_html(sprintf(
                /* translators: %s: names of Zoom settings */
                __('The Zoom account overrides: %s.', 'telemed-zoom'),
                implode(', ', $item->overridden)
            )) . '</p>';
        }
        return $html;
    }

    /** @param MeetingRecord $item */
    protected function column_visit($item): string
    {
        $html = '';
        if ($item->isReady()) {
            if ($this->startLink->mayStart($item) && Doctors::isHere($item->doctor)) {
                $html .= sprintf('<a class="button button-small telemed-start" href="%s">%s</a> ', esc_url(StartLink::here($item->id)), esc_html__('Start', 'telemed-zoom'));
            }
            if ($item->joinUrl !== null) {
                $html .= sprintf('<a class="button button-small telemed-join" href="%s" rel="noreferrer noopener" target="_blank">%s</a> ', esc_url($item->joinUrl), esc_html__('Join', 'telemed-zoom'));
            }
        }
        if ($item->state->isLive() && !$item->isOver()) {
            if (ManualSource::isNamed($item->source)) {
                ob_start();
                AdminPost::button(
                    MeetingHtml::ACTION_CANCEL,
                    __('Cancel', 'telemed-zoom'),
                    ['meeting' => $item->id, 'when' => self::when()],
                    'button-link button-link-delete telemed-cancel',
                    __('Cancel this meeting? Its join link will stop working.', 'telemed-zoom')
                );
                $html .= ob_get_clean();
            }
            if ($item->visitKey !== null) {
                $html .= MeetingHtml::invitation($item, $this->settings->mailsZoomsLink());
            }
        }
        return $html;
    }

    private static function moment(\DateTimeImmutable $start, \DateTimeZone $zone): string
    {
        return sprintf(
            '<time datetime="%s">%s</time>',
            esc_attr($start->format('Y-m-d\TH:i:s\Z')),
            esc_html((string) wp_date(get_option('date_format') . ' ' . get_option('time_format'), $start->getTimestamp(), $zone))
        );
    }

    /** Whose meetings: null is everybody's. */
    private static function doctor(): ?int
    {
        return Capabilities::isAdmin() ? null : get_current_user_id();
    }

    /** @return 'upcoming'|'past'|'all' */
    private static function when(): string
    {
        $when = $_GET['when'] ?? ''; // phpcs:ignore WordPress.Security.NonceVerification
        return in_array($when, ['past', 'all'], true) ? $when : 'upcoming';
    }
}
