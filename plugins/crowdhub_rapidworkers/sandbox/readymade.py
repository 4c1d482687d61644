"""The ten ready-made jobs: one link, one quantity, one price."""

from decimal import Decimal

UNIT_PRICE = Decimal("0.05")
MINIMUM = 6

READY_MADE: dict[str, str] = {
    "facebook-likes": "Facebook Likes",
    "facebook-shares": "Facebook Shares",
    "instagram-likes": "Instagram Likes",
    "instagram-followers": "Instagram Followers",
    "twitter-likes": "Twitter Likes",
    "twitter-followers": "Twitter Followers",
    "twitter-retweets": "Twitter Retweets",
    "trustpilot-reviews": "Trustpilot Reviews",
    "9gag-upvotes": "9GAG Upvotes",
    "youtube-likes": "YouTube Likes",
}
