<?php
/**
 * What becomes of visits, asked of one who may answer it: about an app, a Zoom user, a doctor.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Store\Answer;

defined('ABSPATH') || exit;

interface HandoverQuestion
{
    /**
     * Whether whoever is logged in may give this answer.
     *
     * @param string $which of those who let go, as it was sent
     */
    public function mayAnswer(string $which, ?Answer $answer): bool;

    /**
     * Carries the answer out, and tells by a notice what came of it.
     *
     * @param ?Answer $answer null: none was chosen
     * @param ?int    $heir   with Answer::Doctor: who takes over
     * @return string where to go then
     */
    public function answer(string $which, ?Answer $answer, ?int $heir): string;
}
