<?php
/**
 * What a person can do about one meeting by a button: try it now, have another made, cancel it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Work\ManualVisits;
use TelemedZoom\Work\OneVisit;
use TelemedZoom\Work\Visits;

defined('ABSPATH') || exit;

final class MeetingActions
{
    private const SECONDS = 8.0;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly Visits $visits,
        private readonly ManualVisits $manual,
        private readonly OneVisit $oneVisit
    ) {
    }

    public function register(): void
    {
        AdminPost::on(MeetingHtml::ACTION_TRY, 'read', [$this, 'tryNow']);
        AdminPost::on(MeetingHtml::ACTION_RECREATE, 'read', [$this, 'recreate']);
        AdminPost::on(MeetingHtml::ACTION_CANCEL, 'read', [$this, 'cancel']);
    }

    /**
     * Does not wait for the next try.
     *
     * @param array<string, mixed> $fields
     */
    public function tryNow(array $fields): string
    {
        return $this->act($fields, function (MeetingRecord $row): MeetingRecord {
            $this->oneVisit->wake($row->id);
            return $row;
        }, false);
    }

    /**
     * A person has looked: there is no meeting.
     *
     * @param array<string, mixed> $fields
     */
    public function recreate(array $fields): string
    {
        return $this->act($fields, function (MeetingRecord $row): MeetingRecord {
            if ($row->state !== MeetingState::Uncertain) {
                throw new Problem('telemed_wrong_state', __('this meeting is not uncertain any more', 'telemed-zoom'), __('Look at its state below.', 'telemed-zoom'), 409);
            }
            return $this->visits->recreateByClick($row);
        });
    }

    /** @param array<string, mixed> $fields */
    public function cancel(array $fields): string
    {
        $id = AdminPost::number($fields, 'meeting');
        try {
            if (!Capabilities::mayManage($this->ledger->demand($id)->doctor)) {
                AdminPost::forbid();
            }
            $this->manual->cancel($id);
            Notice::flash('success', __('The meeting is cancelled.', 'telemed-zoom'));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('The meeting was not cancelled:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
        }
        return AdminPages::meetings(AdminPost::text($fields, 'when'));
    }

    /**
     * @param array<string, mixed> $fields
     * @param callable(MeetingRecord): MeetingRecord $wish
     * @param bool $isWish whether something is wished: else the last wish is another request's, whose transaction may be open
     */
    private function act(array $fields, callable $wish, bool $isWish = true): string
    {
        $id = AdminPost::number($fields, 'meeting');
        try {
            $row = $this->ledger->demand($id);
            if (!Capabilities::mayManage($row->doctor)) {
                AdminPost::forbid();
            }
            $row = $wish($row);
            $row = $this->oneVisit->bringOn($id, self::SECONDS, $isWish ? $row->version : null, true) ?? $row;
            if ($row->isReady() && $row->state === MeetingState::Made) {
                Notice::flash('success', __('The meeting is ready.', 'telemed-zoom'));
            } else {
                Notice::flash('warning', __('The meeting is not ready yet:', 'telemed-zoom') . ' ' . ($row->lastError ?? $row->state->label()));
            }
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        }
        return AdminPages::meeting($id);
    }
}
